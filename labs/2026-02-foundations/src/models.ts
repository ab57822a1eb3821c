import type { Random } from "@roadmap/core/random"
import { fitConstant } from "@roadmap/ml/baseline/constant"
import { type BoostingProgress, fitBoosting } from "@roadmap/ml/boosting/fit"
import type { Progress } from "@roadmap/ml/estimator"
import { fitLogistic } from "@roadmap/ml/linear/logistic"
import { fitRidge } from "@roadmap/ml/linear/ridge"
import { type Model, predict, predictProba } from "@roadmap/ml/model"
import type { Dataset } from "./dataset.ts"

/** "delay": minutes, a regression. "late": 15 minutes or more, a classification. */
export type Task = "delay" | "late"

export interface FitHooks {
  random: Random
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

/** One candidate: how it is fitted, with the parameters that are tracked. */
export interface Candidate {
  task: Task
  name: string
  parameters: Record<string, string | number>
  /** `validation` may be used to decide when to stop, never to fit. */
  fit(train: Dataset, validation: Dataset, hooks: FitHooks): Promise<Model>
}

const boosting = {
  trees: 200,
  learningRate: 0.1,
  leaves: 31,
  minRowsPerLeaf: 200,
  earlyStopping: 20,
} as const

const boostingHooks = ({ random, signal, onProgress }: FitHooks) => ({
  seed: random.integer(2 ** 31),
  signal,
  onProgress: ({ tree, trees }: BoostingProgress) => onProgress({ done: tree, total: trees, unit: "trees" }),
})

export const candidates: readonly Candidate[] = [
  {
    task: "delay",
    name: "constant",
    parameters: {},
    fit: async (train, _validation, hooks) =>
      fitConstant({ task: "regression", features: train.features, target: train.delay, ...hooks }),
  },
  // #region candidate
  {
    task: "delay",
    name: "ridge",
    parameters: { alpha: 1 },
    fit: async (train, _validation, hooks) =>
      fitRidge({ features: train.features, target: train.delay, parameters: { alpha: 1 }, ...hooks }),
  },
  // #endregion
  {
    task: "delay",
    name: "boosting",
    parameters: { loss: "squared", ...boosting },
    fit: (train, validation, hooks) =>
      fitBoosting({
        features: train.features,
        target: train.delay,
        validation: { features: validation.features, target: validation.delay },
        parameters: { loss: "squared", ...boosting },
        ...boostingHooks(hooks),
      }),
  },
  {
    task: "late",
    name: "constant",
    parameters: {},
    fit: async (train, _validation, hooks) =>
      fitConstant({ task: "classification", features: train.features, target: train.late, ...hooks }),
  },
  {
    task: "late",
    name: "logistic",
    parameters: { C: 1 },
    fit: async (train, _validation, hooks) =>
      fitLogistic({ features: train.features, target: train.late, parameters: { C: 1 }, ...hooks }),
  },
  {
    task: "late",
    name: "boosting",
    parameters: { loss: "logistic", ...boosting },
    fit: (train, validation, hooks) =>
      fitBoosting({
        features: train.features,
        target: train.late,
        validation: { features: validation.features, target: validation.late },
        parameters: { loss: "logistic", ...boosting },
        ...boostingHooks(hooks),
      }),
  },
]

/** Minutes for "delay", probability of being late for "late". */
export const respond = (task: Task, model: Model, data: Dataset): Float64Array =>
  task === "delay" ? predict(model, data.features) : predictProba(model, data.features)

export const targetOf = (task: Task, data: Dataset): Float64Array =>
  task === "delay" ? data.delay : data.late
