import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatNumber } from "@roadmap/report/format"
import type { Section } from "@roadmap/report/page"
import type { scoreJune } from "../batch.ts"
import type { fillOnlineStore } from "../fill.ts"
import type { chooseModels } from "../models.ts"
import type { rehearseReload } from "../rehearse.ts"
import type { Agreement, verifyAnswers } from "../verify.ts"

export const deployedSection = (
  { models }: StepResultOf<typeof chooseModels>,
  { moment, views, keys }: StepResultOf<typeof fillOnlineStore>,
): Section => ({
  id: "deployed",
  title: "What was deployed",
  text: `By alias, from the registry. Online features as of ${moment}: ${formatCount(keys)} keys of ${views} views.`,
  blocks: [
    {
      kind: "table",
      caption: "Models",
      table: {
        columns: [{ label: "Reference" }, { label: "Version" }, { label: "Columns" }, { label: "Digest" }],
        rows: models.map(({ reference, version, inputs, digest }) => [
          reference,
          version,
          inputs.length,
          digest.slice(0, 16),
        ]),
      },
    },
  ],
})

const wayTitles: Record<Agreement["way"], string> = {
  features: "REST, all features in the request",
  keys: "REST, features joined by key",
  batch: "batch, from the table of scores",
}

export const verifySection = (found: StepResultOf<typeof verifyAnswers>): Section => {
  const different = found.agreements.reduce((sum, each) => sum + each.different, 0)
  return {
    id: "same",
    title: "Same rows, same predictions",
    text: "Each way's answer beside that of the registry's model in hand, for the same flights. Equal means equal to the last bit.",
    blocks: [
      {
        kind: "table",
        caption: "Predictions that differ",
        table: {
          columns: [{ label: "Model" }, { label: "Way" }, { label: "Rows" }, { label: "Different" }],
          rows: found.agreements.map(({ task, way, rows, different: differ }) => [
            task,
            wayTitles[way],
            rows,
            differ,
          ]),
        },
      },
      {
        kind: "callout",
        tone: different === 0 && found.logged === found.answered ? "good" : "bad",
        title: `${formatCount(different)} predictions differ; ${formatCount(found.logged)} of ${formatCount(found.answered)} answers are in the prediction log`,
      },
    ],
  }
}

export const batchSection = ({ scored }: StepResultOf<typeof scoreJune>): Section => ({
  id: "batch",
  title: "June in batch",
  text: "Read from the warehouse, scored by partition on all cores, written as Parquet with a manifest, and shown as a table in one step.",
  blocks: [
    {
      kind: "table",
      caption: "June's flights",
      table: {
        columns: [
          { label: "Model" },
          { label: "Rows", format: formatCount },
          { label: "Rejected", format: formatCount },
          { label: "Partitions" },
          { label: "Seconds", format: value => formatNumber(value, { significant: 3 }) },
          { label: "Rows a second", format: formatCount },
        ],
        rows: scored.map(({ task, rows, rejected, partitions, seconds, rowsPerSecond }) => [
          task,
          rows,
          rejected,
          partitions,
          seconds,
          rowsPerSecond,
        ]),
      },
    },
  ],
})

export const reloadSection = ({ moves, rate, report }: StepResultOf<typeof rehearseReload>): Section => {
  const slowest = Math.max(...moves.map(({ seenAfterMs }) => seenAfterMs))
  return {
    id: "reload",
    title: "Another version, and nobody notices",
    text: `The alias was moved ${moves.length} times between two versions while ${rate} requests a second came.`,
    blocks: [
      {
        kind: "callout",
        tone: report.requests.failed === 0 ? "good" : "bad",
        title: `${formatCount(report.requests.failed)} of ${formatCount(report.requests.scheduled)} requests failed`,
        text: `The new version answered at most ${formatCount(slowest)} ms after its alias was moved; the server looks every 200 ms. Corrected p99 meanwhile: ${formatNumber(report.latency.corrected.p99 ?? Number.NaN)} ms.`,
      },
    ],
  }
}
