import type { StepResultOf } from "@roadmap/labkit/lab"
import type { MetricName } from "@roadmap/ml/metrics/catalog"
import { formatInterval, formatSeconds } from "@roadmap/report/format"
import type { Section, TableBlock } from "@roadmap/report/page"
import { barChart } from "@roadmap/report/plots/bar-chart"
import { calibrationPlot } from "@roadmap/report/plots/calibration-plot"
import { intervalPlot } from "@roadmap/report/plots/interval-plot"
import { timeSeries } from "@roadmap/report/plots/time-series"
import { type compareModels, type Score, taskMetrics } from "../compare.ts"
import type { Task } from "../models.ts"
import type { TrainedModel } from "../train.ts"

type Compared = StepResultOf<typeof compareModels>

const metricLabels: Record<string, string> = {
  rmse: "RMSE, minutes",
  mae: "MAE, minutes",
  r2: "R²",
  roc_auc: "ROC AUC",
  log_loss: "Log loss",
  brier: "Brier score",
  average_precision: "Average precision",
}

/** What the tables show; all metrics are in the runs and the model cards. */
const shownMetrics: Record<Task, readonly MetricName[]> = {
  delay: ["rmse", "mae", "roc_auc"],
  late: ["log_loss", "roc_auc", "average_precision"],
}

const taskTitles: Record<Task, string> = { delay: "How late", late: "Late or not" }

export const modelsSection = (compared: Compared, trained: readonly TrainedModel[]): Section => ({
  id: "models",
  title: "Models",
  text:
    "Brackets are 95 % bootstrap intervals over whole days: flights of one day share its weather, so a day is the unit that " +
    "could have been another. Differences to the baseline are paired on the same rows.",
  blocks: (["delay", "late"] as const).flatMap(task => [
    scoreTable(task, compared, trained),
    {
      kind: "pair" as const,
      plots: [scorePlot(task, compared.scores), gainPlot(task, compared)] as const,
    },
  ]),
})

const scoreTable = (task: Task, { scores }: Compared, trained: readonly TrainedModel[]): TableBlock => {
  const own = scores.filter(score => score.task === task)
  const fitted = trained.filter(model => model.task === task)
  const shown = (score: Score | undefined) =>
    score ? formatInterval(score.estimate, score.low, score.high) : null
  return {
    kind: "table",
    caption: `${taskTitles[task]}: every model on validation (May) and test (June)`,
    table: {
      columns: [
        { label: "Model" },
        { label: "Split" },
        ...shownMetrics[task].map(metric => ({ label: metricLabels[metric], align: "right" as const })),
      ],
      rows: fitted.flatMap(({ name }) =>
        (["validation", "test"] as const).map(split => [
          name,
          split,
          ...shownMetrics[task].map(metric =>
            shown(own.find(each => each.model === name && each.metric === metric && each.split === split)),
          ),
        ]),
      ),
    },
    note: `Fitted in ${fitted.map(({ name, seconds }) => `${formatSeconds(seconds)} (${name})`).join(", ")}.`,
  }
}

const scorePlot = (task: Task, scores: readonly Score[]) => {
  const [metric] = taskMetrics[task]
  return intervalPlot({
    title: `${taskTitles[task]}: ${metricLabels[metric]} on June`,
    valueLabel: metricLabels[metric],
    better: "lower",
    rows: scores
      .filter(score => score.task === task && score.metric === metric && score.split === "test")
      .map(({ model, estimate, low, high }) => ({
        label: model,
        point: estimate,
        low,
        high,
        chosen: model === "boosting",
      })),
  })
}

const gainPlot = (task: Task, { gains }: Compared) => {
  const [metric] = taskMetrics[task]
  return intervalPlot({
    title: `${taskTitles[task]}: gain over the baseline`,
    valueLabel: `Baseline minus model, ${metricLabels[metric]}`,
    better: "higher",
    reference: { value: 0, label: "no gain" },
    rows: gains
      .filter(gain => gain.task === task)
      .map(({ model, split, estimate, low, high }) => ({
        label: `${model}, ${split}`,
        point: estimate,
        low,
        high,
      })),
  })
}

export const calibrationSection = ({ calibration }: Compared): Section => ({
  id: "calibration",
  title: "Calibration",
  text: "Of the flights that a model gives 30 %, about 30 % should be late. June has more late flights than the training months, and no model could know that.",
  blocks: [
    calibrationPlot({
      title: "Late flights by predicted probability, June",
      models: calibration.map(({ model, bins }) => ({
        label: model,
        bins: bins.map(bin => ({ predicted: bin.meanPredicted, observed: bin.observed, count: bin.rows })),
      })),
    }),
    {
      kind: "table",
      caption: "Expected calibration error, ten equal bins",
      table: {
        columns: [{ label: "Model" }, { label: "Error", format: value => value.toFixed(4) }],
        rows: calibration.map(({ model, expectedError }) => [model, expectedError]),
      },
    },
  ],
})

export const residualsSection = ({ residuals }: Compared): Section => ({
  id: "residuals",
  title: "Residuals over time",
  text: "Predicted minus actual minutes of each June day. Below zero the day was worse than the model thought: it does not see weather.",
  blocks: [
    timeSeries({
      title: "Mean residual of boosting by day",
      days: residuals.map(({ day }) => new Date(day * 86_400_000).toISOString().slice(0, 10)),
      y: { label: "Predicted minus actual, minutes" },
      series: [{ label: "mean residual", values: residuals.map(each => each.meanResidual) }],
    }),
  ],
})

export const importanceSection = ({ importance }: Compared): Section => ({
  id: "importance",
  title: "What the models use",
  text: "How much worse the metric gets on May's flights when one feature is shuffled. Features that carry the same knowledge share it.",
  blocks: importance.map(({ task, metric, features }) =>
    barChart({
      title: `${taskTitles[task]}: permutation importance for boosting`,
      valueLabel: `Rise of ${metricLabels[metric]}`,
      categoryLabel: "Feature",
      bars: features.map(({ name, importance: value, low, high }) => ({ label: name, value, low, high })),
    }),
  ),
})
