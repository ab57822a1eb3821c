import { breathe } from "@roadmap/core/async"
import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import { defineStep } from "@roadmap/labkit/lab"
import { partOf, spreadRows } from "@roadmap/lifecycle/train/data"
import { gainImportance } from "@roadmap/ml/boosting/importance"
import { treeShap } from "@roadmap/ml/boosting/shap"
import { permutationImportance } from "@roadmap/ml/importance/permutation"
import type { MetricName } from "@roadmap/ml/metrics/catalog"
import { responseOf } from "@roadmap/ml/selection/estimator"
import { openWarehouse } from "@roadmap/warehouse/open"
import { loadFlights } from "./data.ts"
import { snapTrainingSet } from "./snapshot.ts"
import { fitModels, loadFitted } from "./train.ts"
import { trainingOf } from "./training.ts"

export interface LearnedImportance {
  task: Task
  metric: MetricName
  features: {
    name: string
    /** Part of all loss reduction in training, 0 to 1. */
    gain: number
    /** Mean absolute Shapley value, in units of the score (minutes, or log-odds). */
    shap: number
    /** How much worse May's metric gets when the feature is shuffled. */
    permutation: number
    low: number
    high: number
  }[]
}

const permutationRows = 20_000
const shapRows = 400

/** Three looks at what the models use: gain (training), Shapley values (answers), permutation (metric on May). */
export const explainModels = defineStep({
  id: "explain",
  title: "What do the models use? Gain, Shapley values, permutation",
  needs: [snapTrainingSet, fitModels],
  async run(context) {
    const { config, result, seed, signal, progress, random } = context
    await using engine = await openWarehouse(config)
    const flights = await loadFlights(engine, result(snapTrainingSet).snapshot, signal)
    const importance: LearnedImportance[] = []
    for (const fitted of result(fitModels).fitted) {
      const { task } = fitted
      const [metric] = trainingOf(task, { ...result(snapTrainingSet), seed }).metrics
      const model = await loadFitted(context, fitted)
      if (model.kind !== "boosting") throw new Error(`The ${task} model is no boosting.`)
      const may = partOf(flights.of(task), "validation")
      const sample = spreadRows(may, permutationRows)
      const shap = meanAbsolute(
        treeShap(model, spreadRows(may, shapRows).features, { signal }).contributions,
        model.features.length,
      )
      const gains = new Map(gainImportance(model).map(({ feature, share }) => [feature, share]))
      const features: LearnedImportance["features"] = []
      for (const [index, { name }] of model.features.entries()) {
        progress({ label: task, done: index, total: model.features.length, unit: "features" })
        await breathe(signal)
        const [{ importance: permutation, low, high }] = permutationImportance({
          predict: rows => responseOf(model, rows),
          features: sample.features,
          target: sample.target,
          groups: sample.groups,
          metric,
          names: [name],
          repeats: 2,
          random: random.fork(`importance ${task}`),
          signal,
        })
        features.push({ name, gain: gains.get(name) ?? 0, shap: shap[index], permutation, low, high })
      }
      importance.push({ task, metric, features: features.sort((a, b) => b.permutation - a.permutation) })
    }
    return { importance }
  },
})

const meanAbsolute = (contributions: Float64Array, width: number): number[] => {
  const rows = contributions.length / width
  return Array.from({ length: width }, (_, feature) => {
    let sum = 0
    for (let row = 0; row < rows; row++) sum += Math.abs(contributions[row * width + feature])
    return sum / rows
  })
}
