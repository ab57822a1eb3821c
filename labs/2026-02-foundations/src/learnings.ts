import type { StepContext } from "@roadmap/labkit/lab"
import { formatCount, formatInterval, formatPercent } from "@roadmap/report/format"
import { type DataTable, markdownTable } from "@roadmap/report/table"
import { compareModels, taskMetrics } from "./compare.ts"
import { drawLearningCurves } from "./curves.ts"
import { groupAndScore } from "./group.ts"
import { ingestFlights } from "./ingest.ts"
import type { Task } from "./models.ts"
import { registerBest, registeredNames } from "./register.ts"
import { splitByTime } from "./split.ts"
import { walkIntoTraps } from "./traps.ts"

/** learnings.md: what the run showed. Every number comes from the results of the steps. */
export const renderLearnings = ({ result }: Pick<StepContext, "result">): string => {
  const ingested = result(ingestFlights)
  const { splits } = result(splitByTime)
  const compared = result(compareModels)
  const { curves } = result(drawLearningCurves)
  const { groups, days, clusterChoice } = result(groupAndScore)
  const { traps } = result(walkIntoTraps)
  const { decisions } = result(registerBest)
  const [train, validation, test] = splits
  const score = (task: Task, model: string, metric: string, split: string) => {
    const found = compared.scores.find(
      each => each.task === task && each.model === model && each.metric === metric && each.split === split,
    )!
    return formatInterval(found.estimate, found.low, found.high)
  }
  const gain = (task: Task, model: string) => {
    const found = compared.gains.find(
      each => each.task === task && each.model === model && each.split === "test",
    )!
    return formatInterval(found.estimate, found.low, found.high)
  }
  const chosen = clusterChoice.reduce((best, each) => (each.silhouette > best.silhouette ? each : best))
  const oddest = [...days].sort((a, b) => b.score - a.score)[0]
  const worst = compared.residuals.reduce((most, day) => (day.meanResidual < most.meanResidual ? day : most))
  const lines = [
    "# What February's run showed",
    "",
    "<!-- Written by `pnpm pages` from the results of `roadmap run feb` on all rows. Do not edit. -->",
    "",
    `**The data is nearly clean.** ${formatCount(ingested.rejected)} of ${formatCount(ingested.received)} rows broke the contract ` +
      "and lie in `quarantine.flights` with their reasons. Squared error gives one impossible delay the weight of very many ordinary ones.",
    "",
    `**The months differ.** ${formatPercent(train.lateShare)} of the training flights are late, ${formatPercent(validation.lateShare)} in May, ` +
      `${formatPercent(test.lateShare)} in June. A model that is right about the past is still biased in each month to come: ` +
      "that is what monitoring is for.",
    "",
    "**A baseline first.** Brackets are 95 % intervals over whole days.",
    "",
    markdownTable(scoreTable("delay", score)),
    "",
    markdownTable(scoreTable("late", score)),
    "",
    `On June, ridge lowers the baseline's RMSE by ${gain("delay", "ridge")} minutes and boosting by ${gain("delay", "boosting")}; ` +
      `logistic regression lowers its log loss by ${gain("late", "logistic")} and boosting by ${gain("late", "boosting")}. ` +
      "The intervals of the models overlap, the paired differences do not reach zero: compare on the same rows, not interval with interval.",
    "",
    "**Bias and variance.** Validation RMSE by training rows:",
    "",
    markdownTable({
      columns: [{ label: "rows" }, ...curves.map(curve => ({ label: curve.model, align: "right" as const }))],
      rows: curves[0].points.map((point, i) => [
        formatCount(point.size),
        ...curves.map(curve => curve.points[i].validation.toFixed(2)),
      ]),
    }),
    "",
    "Ridge stops learning early: more rows of the same do not help a model that cannot bend. Deep boosting on few rows is worse " +
      "than ridge: it learns the noise.",
    "",
    "**Features that know too much.** The same boosting, with the delay statistics built in three ways; RMSE in minutes:",
    "",
    markdownTable({
      columns: [
        { label: "features" },
        ...["training rows", "May", "June"].map(label => ({ label, align: "right" as const })),
      ],
      rows: traps.map(trap => [
        trap.recipe,
        ...[trap.train, trap.validation, trap.test].map(value => value.toFixed(2)),
      ]),
    }),
    "",
    "Each trap looks better than it is where the model learned. Only later months tell.",
    "",
    `**Days are not alike.** ${formatDay(worst.day)} was ${formatPositive(-worst.meanResidual)} minutes a flight worse than boosting ` +
      `thought: it sees the calendar, not the weather. The isolation forest calls ${oddest.date} the oddest day ` +
      `(${formatPercent(oddest.lateShare)} of its flights were late).`,
    "",
    `**Without labels.** The silhouette prefers ${chosen.clusters} groups of airports (${chosen.silhouette.toFixed(2)}); ` +
      `the largest of the busiest group are ${groups[0].airports.slice(0, 3).join(", ")}.`,
    "",
    "**What was registered.**",
    "",
    ...decisions.map(
      ({ task, candidate, registered, reason }) =>
        `- \`${registeredNames[task]}\`: ${candidate}, ${registered ? "registered" : "not registered"}: ${reason}.`,
    ),
    "",
  ]
  return lines.join("\n")
}

const scoreTable = (
  task: Task,
  score: (task: Task, model: string, metric: string, split: string) => string,
): DataTable => ({
  columns: [
    { label: task },
    ...taskMetrics[task].map(metric => ({ label: `${metric}, June`, align: "right" as const })),
  ],
  rows: (task === "delay" ? ["constant", "ridge", "boosting"] : ["constant", "logistic", "boosting"]).map(
    model => [model, ...taskMetrics[task].map(metric => score(task, model, metric, "test"))],
  ),
})

const formatDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)
const formatPositive = (value: number): string => Math.abs(value).toFixed(1)
