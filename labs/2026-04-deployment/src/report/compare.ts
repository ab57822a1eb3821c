import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatNumber } from "@roadmap/report/format"
import type { Section } from "@roadmap/report/page"
import { lineChart } from "@roadmap/report/plots/line-chart"
import type { ageFeatures } from "../age.ts"
import type { Cost, compareWays } from "../compare.ts"
import { ways } from "../load.ts"

export const costTitles: Record<Cost["way"], string> = { batch: "batch", ...ways }

export const compareSection = ({ costs }: StepResultOf<typeof compareWays>): Section => ({
  id: "compare",
  title: "Batch or real time?",
  text:
    "Both give the same numbers for the same rows. What differs is what a row costs, when the answer is there, and how old the features are " +
    "on which it rests.",
  blocks: [
    {
      kind: "table",
      caption: "Cost of a million rows",
      table: {
        columns: [
          { label: "Way" },
          { label: "Processor seconds", format: value => formatNumber(value, { significant: 3 }) },
          { label: "Times batch", format: value => formatNumber(value, { significant: 2 }) },
          { label: "p99 of an answer, ms" },
        ],
        rows: costs.map(({ way, cpuSecondsPerMillion, timesBatch, p99Ms }) => [
          costTitles[way],
          cpuSecondsPerMillion,
          timesBatch,
          p99Ms,
        ]),
      },
      note: "Of the server's own process; the batch with reading and writing. The features of the batch were joined before, those of the keyed requests are joined in it.",
    },
  ],
})

export const ageSection = ({ rows, ages }: StepResultOf<typeof ageFeatures>): Section => {
  const hours = ages.map(each => each.hours)
  return {
    id: "age",
    title: "What freshness is worth",
    text: `The same ${formatCount(rows)} flights of June and the same models; only the features are as they were known so many hours before departure.`,
    blocks: [
      {
        kind: "pair",
        plots: [
          lineChart({
            title: "Late or not: ROC AUC by the age of the features",
            x: { label: "hours before departure" },
            y: { label: "ROC AUC" },
            series: [{ label: "late", x: hours, y: ages.map(({ scores }) => scores.late.roc_auc) }],
          }),
          lineChart({
            title: "How late: RMSE by the age of the features",
            x: { label: "hours before departure" },
            y: { label: "RMSE, minutes" },
            series: [{ label: "delay", x: hours, y: ages.map(({ scores }) => scores.delay.rmse) }],
          }),
        ],
      },
    ],
  }
}
