import { registeredNames } from "@roadmap/lab-2026-02-foundations/register"
import type { StepContext } from "@roadmap/labkit/lab"
import { formatCount, formatInterval } from "@roadmap/report/format"
import { markdownTable } from "@roadmap/report/table"
import { ablateGroups } from "./ablate.ts"
import { defineFeatures } from "./define.ts"
import { evaluateModels, type TaskEvaluation } from "./evaluate.ts"
import { explainModels } from "./explain.ts"
import { knowFacts } from "./facts.ts"
import { searchLeaks } from "./leakage.ts"
import { registerCandidates } from "./register.ts"
import { replayOnline } from "./replay.ts"
import { searchSpace } from "./search.ts"
import { snapTrainingSet } from "./snapshot.ts"

/** learnings.md: what the run showed. Every number comes from the results of the steps. */
export const renderLearnings = ({ result }: Pick<StepContext, "result">): string => {
  const facts = result(knowFacts)
  const { rows, joinSeconds } = result(snapTrainingSet)
  const { evaluated } = result(evaluateModels)
  const leaks = result(searchLeaks)
  const { found } = result(searchSpace)
  const { ablations, complete, rows: ablationRows } = result(ablateGroups)
  const { importance } = result(explainModels)
  const replay = result(replayOnline)
  const { decisions } = result(registerCandidates)
  const columns = result(defineFeatures).metrics["features/service/columns/all"]
  const suspects = leaks.features.filter(({ verdict }) => verdict === "suspect")
  const different = replay.features.reduce((sum, each) => sum + each.different, 0)
  const lines = [
    "# What March's run showed",
    "",
    "<!-- Written by `pnpm pages` from the results of `roadmap run mar` on all rows. Do not edit. -->",
    "",
    `**Known, not happened.** A flight's outcome is known ${formatCount(facts.minutes)} minutes (median) after it left, at most ${formatCount(facts.longest)} hours. ` +
      `${columns} features for ${formatCount(rows)} flights, each from what was known at its minute, took ${joinSeconds} s.`,
    "",
    "**February, beaten on its own June.** Brackets are 95 % intervals over whole days; the gain is paired on the same days.",
    "",
    ...evaluated.flatMap(evaluation => [gainTable(evaluation), ""]),
    "The same algorithm as in February. What changed is what it is told: averages of past months became the last hours.",
    "",
    `**What each group is worth.** The deciding metric on June's part of ${formatCount(ablationRows)} flights spread over all months, without one group of features at a time. The fits learn from these flights only:`,
    "",
    markdownTable({
      columns: [
        { label: "features" },
        { label: "delay: RMSE", align: "right" },
        { label: "worth", align: "right" },
        { label: "late: log loss", align: "right" },
        { label: "worth", align: "right" },
      ],
      rows: [
        ["all", complete.delay.toFixed(2), "", complete.late.toFixed(4), ""],
        ...ablations
          .filter(({ task }) => task === "delay")
          .map(({ group, score, worth }) => {
            const late = ablations.find(each => each.task === "late" && each.group === group)!
            return [
              `without ${group}`,
              score.toFixed(2),
              formatInterval(worth.estimate, worth.low, worth.high),
              late.score.toFixed(4),
              formatInterval(late.worth.estimate, late.worth.low, late.worth.high),
            ]
          }),
      ],
    }),
    "",
    "A group that is worth nothing here is not useless: the others know the same.",
    "",
    `**The search moved little.** ${found
      .map(({ task, trials }) => {
        const values = trials.flatMap(({ value }) => (value === null ? [] : [value]))
        const [first, best] = [values[0], Math.min(...values)]
        return `${task}: ${trials.length} trials, ${trials.filter(({ state }) => state === "pruned").length} stopped early, from ${first.toFixed(3)} to ${best.toFixed(3)}`
      })
      .join("; ")}. Features gained far more than parameters: search last.`,
    "",
    `**What the models use.** ${importance
      .map(
        ({ task, features }) =>
          `${task}: ${features
            .slice(0, 4)
            .map(({ name }) => `\`${name}\``)
            .join(", ")}`,
      )
      .join("; ")} (permutation on May). ` +
      "The mean of the route in this hour is strong for a reason worth knowing: the data has the minute in which a flight left, and an hour in which a route has no regular flight is an hour of delayed ones.",
    "",
    `**Leaks.** ${formatCount(leaks.features.filter(({ verdict }) => verdict === "leak").length)} of ${leaks.features.length} features leak, ${formatCount(suspects.length)} are suspect` +
      `${suspects.length > 0 ? ` (${suspects.map(({ name }) => `\`${name}\``).join(", ")})` : ""}. The planted one, a delay taken as known at departure, was ` +
      `${leaks.planted.some(({ verdict }) => verdict === "leak") ? "found" : "missed"}.`,
    "",
    `**Served as trained.** ${formatCount(replay.flights)} random flights between ${replay.from.slice(0, 16)} and ${replay.to.slice(0, 16)} (UTC) asked the online store at their minute: ` +
      `${formatCount(different)} values differed from the training set's.`,
    "",
    "**Weakest slices.** Gain over February, May and June together:",
    "",
    ...evaluated.map(({ task, slices }) => {
      const worst = slices.toSorted((a, b) => a.gain.estimate - b.gain.estimate).slice(0, 3)
      return `- ${task}: ${worst
        .map(
          ({ slice, value, gain }) =>
            `${slice} ${value} ${formatInterval(gain.estimate, gain.low, gain.high)}`,
        )
        .join("; ")}`
    }),
    "",
    "**What was registered.**",
    "",
    ...decisions.map(
      ({ task, version, reason }) =>
        `- \`${registeredNames[task]}\`${version === undefined ? "" : ` version ${version}`}: ${reason}.`,
    ),
    "",
  ]
  return lines.join("\n")
}

const gainTable = ({ task, scores, comparison }: TaskEvaluation): string =>
  markdownTable({
    columns: [
      { label: `${task}, June` },
      { label: "February", align: "right" },
      { label: "March", align: "right" },
      { label: "gain", align: "right" },
    ],
    rows: comparison.gains.map(({ metric, estimate, low, high }) => [
      metric,
      ...(["february", "boosting"] as const).map(model => {
        const score = scores.find(
          each => each.model === model && each.metric === metric && each.part === "test",
        )!
        return formatInterval(score.estimate, score.low, score.high)
      }),
      formatInterval(estimate, low, high),
    ]),
  })
