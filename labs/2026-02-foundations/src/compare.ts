import { breathe } from "@roadmap/core/async"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { type PermutationImportance, permutationImportance } from "@roadmap/ml/importance/permutation"
import { bootstrapDifference, bootstrapInterval, type Interval } from "@roadmap/ml/metrics/bootstrap"
import {
  type CalibrationBin,
  calibrationTable,
  expectedCalibrationError,
} from "@roadmap/ml/metrics/calibration"
import type { MetricName } from "@roadmap/ml/metrics/catalog"
import { type Model, predict, predictProba } from "@roadmap/ml/model"
import { openTracking } from "@roadmap/tracking/open"
import { openWarehouse } from "@roadmap/warehouse/open"
import { type Dataset, loadDataset } from "./dataset.ts"
import { respond, type Task, targetOf } from "./models.ts"
import { loadModel, type TrainedModel, trainModels } from "./train.ts"

/** The metric that decides, first, then what else is shown. A delay also ranks flights by how late they will be. */
export const taskMetrics = {
  delay: ["rmse", "mae", "r2", "roc_auc"],
  late: ["log_loss", "brier", "roc_auc", "average_precision"],
} as const satisfies Record<Task, readonly MetricName[]>

const evaluated = ["validation", "test"] as const
type Evaluated = (typeof evaluated)[number]

/** Percentile intervals from this many resamples of whole days. */
const replicates = 200
const importanceRows = 50_000
const importanceRepeats = 3

export interface Score extends Interval {
  task: Task
  model: string
  metric: MetricName
  split: Evaluated
}

/** Baseline minus model, paired on the same rows: above zero means that the model is better. */
export interface Gain extends Interval {
  task: Task
  model: string
  metric: MetricName
  split: Evaluated
}

export const compareModels = defineStep({
  id: "compare",
  title: "Compare on May and June, with intervals over days",
  needs: [trainModels],
  async run(context) {
    const { config, signal, result } = context
    const { trained } = result(trainModels)
    const models = new Map<TrainedModel, Model>()
    for (const each of trained) models.set(each, await loadModel(context, each))

    await using engine = await openWarehouse(config)
    const scores: Score[] = []
    const gains: Gain[] = []
    const details: Partial<Record<Evaluated, Awaited<ReturnType<typeof detailsOf>>>> = {}
    for (const split of evaluated) {
      const data = await loadDataset(engine, split, { signal })
      const measured = await measure(context, models, data, split)
      scores.push(...measured.scores)
      gains.push(...measured.gains)
      details[split] = await detailsOf(context, models, data, measured.responses)
    }
    await trackScores(context, trained, scores)
    return {
      scores,
      gains,
      calibration: details.test!.calibration,
      residuals: details.test!.residuals,
      importance: details.validation!.importance,
      metrics: Object.fromEntries(
        scores.map(({ task, model, metric, split, estimate }) => [
          `${task}/${model}/${metric}/${split}`,
          estimate,
        ]),
      ),
    }
  },
})

type Models = ReadonlyMap<TrainedModel, Model>
type Responses = Map<TrainedModel, Float64Array>

const measure = async (context: StepContext, models: Models, data: Dataset, split: Evaluated) => {
  const responses: Responses = new Map()
  const scores: Score[] = []
  const gains: Gain[] = []
  let done = 0
  for (const [trained, model] of models) {
    context.progress({ label: `measuring on ${split}`, done: done++, total: models.size, unit: "models" })
    await breathe(context.signal)
    const { task, name } = trained
    const response = respond(task, model, data)
    responses.set(trained, response)
    const shared = { groups: data.day, replicates, random: context.random.fork(`bootstrap ${split}`) }
    for (const metric of taskMetrics[task]) {
      await breathe(context.signal)
      const target = metric === "roc_auc" ? data.late : targetOf(task, data)
      const interval = bootstrapInterval({ metric, target, predicted: response, ...shared })
      scores.push({ task, model: name, metric, split, ...interval })
    }
    const baseline = [...responses].find(([each]) => each.task === task && each.name === "constant")![1]
    if (name === "constant") continue
    await breathe(context.signal)
    const [metric] = taskMetrics[task]
    const gain = bootstrapDifference({
      metric,
      target: targetOf(task, data),
      first: baseline,
      second: response,
      ...shared,
    })
    gains.push({ task, model: name, metric, split, ...gain })
  }
  return { responses, scores, gains }
}

export interface Calibration {
  model: string
  expectedError: number
  bins: CalibrationBin[]
}

/** Mean residual (predicted minus actual minutes) of each day. */
export interface DailyResidual {
  day: number
  rows: number
  meanDelay: number
  meanResidual: number
}

const detailsOf = async (context: StepContext, models: Models, data: Dataset, responses: Responses) => {
  const calibration: Calibration[] = []
  for (const [{ task, name }, response] of responses)
    if (task === "late" && name !== "constant")
      calibration.push({
        model: name,
        expectedError: expectedCalibrationError(data.late, response),
        bins: calibrationTable(data.late, response),
      })
  const best = [...responses].find(([{ task, name }]) => task === "delay" && name === "boosting")!
  return {
    calibration,
    residuals: dailyResiduals(data, best[1]),
    importance: data.split === "validation" ? await importances(context, models, data) : [],
  }
}

const dailyResiduals = (data: Dataset, predicted: Float64Array): DailyResidual[] => {
  const days = new Map<number, { rows: number; delay: number; residual: number }>()
  for (let row = 0; row < predicted.length; row++) {
    const day = days.get(data.day[row]) ?? { rows: 0, delay: 0, residual: 0 }
    day.rows++
    day.delay += data.delay[row]
    day.residual += predicted[row] - data.delay[row]
    days.set(data.day[row], day)
  }
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([day, { rows, delay, residual }]) => ({
      day,
      rows,
      meanDelay: delay / rows,
      meanResidual: residual / rows,
    }))
}

export interface TaskImportance {
  task: Task
  metric: MetricName
  features: PermutationImportance[]
}

const importances = async (
  { random, progress, signal }: StepContext,
  models: Models,
  data: Dataset,
): Promise<TaskImportance[]> => {
  const found: TaskImportance[] = []
  for (const [{ task, name }, model] of models) {
    if (name !== "boosting") continue
    const [metric] = taskMetrics[task]
    const features: PermutationImportance[] = []
    const { columns } = data.features
    for (const [done, column] of columns.entries()) {
      progress({ label: `importance for ${task}`, done, total: columns.length, unit: "features" })
      await breathe(signal)
      features.push(
        ...permutationImportance({
          predict: rows => (task === "delay" ? predict(model, rows) : predictProba(model, rows)),
          features: data.features,
          target: targetOf(task, data),
          groups: data.day,
          metric,
          names: [column.name],
          sample: importanceRows,
          repeats: importanceRepeats,
          random: random.fork(`importance ${task}`),
          signal,
        }),
      )
    }
    found.push({ task, metric, features: features.sort((a, b) => b.importance - a.importance) })
  }
  return found
}

/** Writes every score to the run of its model, so that `roadmap runs` shows and compares them. */
const trackScores = async (
  { config }: StepContext,
  trained: readonly TrainedModel[],
  scores: readonly Score[],
) => {
  const store = await openTracking(config)
  try {
    for (const { task, name, runId } of trained) {
      const own = scores.filter(score => score.task === task && score.model === name)
      const { startTime } = await store.getRun(runId)
      await store.logBatch(runId, {
        metrics: own.map(({ metric, split, estimate }) => ({
          key: `${metric}.${split}`,
          value: estimate,
          // The run's own time, so that repeating this step adds no second point.
          timestamp: startTime,
        })),
      })
    }
  } finally {
    await store.close()
  }
}
