import type { StepContext } from "@roadmap/labkit/lab"
import { formatCount, formatNumber, formatPercent } from "@roadmap/report/format"
import { markdownTable } from "@roadmap/report/table"
import { type Aged, ageFeatures } from "./age.ts"
import { scoreJune } from "./batch.ts"
import { compareWays } from "./compare.ts"
import { loadTest, promisedMs, ways } from "./load.ts"
import { rehearseReload } from "./rehearse.ts"
import { costTitles } from "./report/compare.ts"
import { verifyAnswers } from "./verify.ts"

const short = (value: number | null): string =>
  value === null ? "–" : formatNumber(value, { significant: 3 })

/** learnings.md: what the run showed. Every number comes from the results of the steps. */
export const renderLearnings = ({ result }: Pick<StepContext, "result">): string => {
  const { agreements, answered, logged } = result(verifyAnswers)
  const { measured, processors, spike, logged: kept } = result(loadTest)
  const { moves, report: reloaded } = result(rehearseReload)
  const { scored } = result(scoreJune)
  const { costs } = result(compareWays)
  const { ages, rows: agedRows } = result(ageFeatures)
  const rows = agreements.reduce((sum, each) => sum + each.rows, 0)
  const different = agreements.reduce((sum, each) => sum + each.different, 0)
  const slowest = Math.max(...moves.map(({ seenAfterMs }) => seenAfterMs))
  const refused = spike.statuses["503"] ?? 0
  const lines = [
    "# What April's run showed",
    "",
    "<!-- Written by `pnpm pages` from the results of `roadmap run apr` on all rows. Do not edit. -->",
    "",
    `**Same rows, same predictions.** ${formatCount(different)} of ${formatCount(rows)} answers (REST, REST by key, batch, both models) differ from the registry's model in hand, ` +
      `to the last bit. ${formatCount(logged)} of ${formatCount(answered)} answers are in the prediction log.`,
    "",
    `**How fast.** One server process and the load generator on ${processors} processors. The highest rate whose p99 stayed under ${promisedMs} ms, and latency at half of it:`,
    "",
    markdownTable({
      columns: [
        { label: "way" },
        { label: "requests a second", align: "right" },
        { label: "rows a second", align: "right" },
        { label: "p50, ms", align: "right" },
        { label: "p99, ms", align: "right" },
        { label: "p99 from sending, ms", align: "right" },
      ],
      rows: measured.map(({ way, rowsEach, saturation, half }) => [
        ways[way],
        formatCount(saturation.rate ?? 0),
        formatCount((saturation.rate ?? 0) * rowsEach),
        short(half.latency.corrected.p50),
        short(half.latency.corrected.p99),
        short(half.latency.naive.p99),
      ]),
    }),
    "",
    `**Too much for a second.** ${formatCount(spike.requests.scheduled)} requests around a spike of three times what is held: ${formatCount(refused)} were refused with 503, ` +
      `${formatCount(spike.requests.failed - refused)} failed otherwise (${formatPercent(spike.requests.failed / spike.requests.scheduled)} without a prediction in all). ` +
      `Over all probes the prediction log took ${formatCount(kept.recorded)} rows and dropped ${formatCount(kept.dropped)}; no request waited for it.`,
    "",
    `**Another version.** The alias moved ${moves.length} times under load: ${formatCount(reloaded.requests.failed)} of ${formatCount(reloaded.requests.scheduled)} requests failed; ` +
      `the new version answered after at most ${formatCount(slowest)} ms.`,
    "",
    `**Batch.** ${scored
      .map(
        ({ task, rows: june, seconds, rejected }) =>
          `${task}: ${formatCount(june)} flights in ${short(seconds)} s, ${formatCount(rejected)} rejected`,
      )
      .join("; ")}, read from and written to the warehouse.`,
    "",
    "**What a million rows cost.**",
    "",
    markdownTable({
      columns: [
        { label: "way" },
        { label: "processor seconds", align: "right" },
        { label: "times batch", align: "right" },
      ],
      rows: costs.map(({ way, cpuSecondsPerMillion, timesBatch }) => [
        costTitles[way],
        short(cpuSecondsPerMillion),
        formatNumber(timesBatch, { significant: 2 }),
      ]),
    }),
    "",
    "Most of a single row's cost is not the model: it is the request around it.",
    "",
    `**What an hour costs.** The same ${formatCount(agedRows)} flights of June with older features:`,
    "",
    markdownTable({
      columns: [
        { label: "features known" },
        { label: "delay: RMSE", align: "right" },
        { label: "late: log loss", align: "right" },
        { label: "late: ROC AUC", align: "right" },
      ],
      rows: ages.map(({ hours, scores }) => [
        hours === 0 ? "at departure" : `${hours} h before`,
        scores.delay.rmse.toFixed(2),
        scores.late.log_loss.toFixed(4),
        scores.late.roc_auc.toFixed(3),
      ]),
    }),
    "",
    ...otherHour(ages),
    "That is the price of a batch: not its numbers, which are the same, but the hour at which it must take its features.",
    "",
  ]
  return lines.join("\n")
}

/** Said when features of longer ago are worth more than younger ones: the hour of the day is in them too. */
const otherHour = (ages: readonly Aged[]): string[] => {
  const dayOld = ages.find(({ hours }) => hours === 24)!
  const younger = ages.find(
    ({ hours, scores }) => hours < 24 && scores.late.roc_auc < dayOld.scores.late.roc_auc,
  )
  if (!younger) return []
  return [
    `${younger.hours} hours old is worse than a day old: yesterday at this hour is more like now than this morning is. The model takes a delay of the early hours for one of its own hour.`,
    "",
  ]
}
