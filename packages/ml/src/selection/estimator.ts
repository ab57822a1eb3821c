import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { createRandom, type Random } from "@roadmap/core/random"
import { fitIsolationForest, type IsolationForestParameters } from "../anomaly/isolation-forest.ts"
import { fitConstant } from "../baseline/constant.ts"
import { fitBoosting } from "../boosting/fit.ts"
import type { BoostingParameters } from "../boosting/parameters.ts"
import { fitCalibrated } from "../calibration/fit.ts"
import type { SupervisedInput } from "../estimator.ts"
import type { Features } from "../features.ts"
import { toFloat64 } from "../input.ts"
import { fitLogistic, type LogisticParameters } from "../linear/logistic.ts"
import { fitRidge, type RidgeParameters } from "../linear/ridge.ts"
import { type Model, predict, predictProba, taskOf } from "../model.ts"
import { fitPipeline, type PipelineStep } from "../pipeline/fit.ts"
import type { PipelinePolicy } from "../pipeline/model.ts"
import { type Holdout, holdOut, type LabelledRows } from "./holdout.ts"

/**
 * An estimator as data: what it is and its parameters, nothing fitted. Data can be stored, compared and sent
 * to worker threads, which a function cannot.
 */
export type EstimatorSpec =
  | { readonly kind: "constant"; readonly task: "regression" | "classification" }
  | { readonly kind: "ridge"; readonly parameters?: RidgeParameters }
  | { readonly kind: "logistic"; readonly parameters?: LogisticParameters }
  | {
      readonly kind: "boosting"
      readonly parameters?: Partial<BoostingParameters>
      /** Training rows to measure each tree on instead of learning from: early stopping needs some. */
      readonly validation?: Holdout
    }
  | { readonly kind: "isolation-forest"; readonly parameters?: IsolationForestParameters }
  | {
      readonly kind: "calibrated"
      readonly base: EstimatorSpec
      readonly method: "sigmoid" | "isotonic"
      /** Training rows that the curve learns from instead of the base. */
      readonly holdout: Holdout
    }
  | {
      readonly kind: "pipeline"
      readonly steps: readonly PipelineStep[]
      readonly estimator: EstimatorSpec
      readonly policy?: Partial<PipelinePolicy>
    }

export const estimatorKinds = [
  "constant",
  "ridge",
  "logistic",
  "boosting",
  "isolation-forest",
  "calibrated",
  "pipeline",
] as const satisfies readonly EstimatorSpec["kind"][]

export interface FitEstimatorInput extends SupervisedInput {
  readonly estimator: EstimatorSpec
  /** Threads of a boosting fit. They do not change the model. */
  readonly threads?: number
  /** Called after each tree of boosting that has `validation` rows, with its mean loss on them. */
  readonly onLoss?: (tree: number, loss: number) => void
}

/** Fits what the data describe. Throws INVALID_INPUT, INTERRUPTED and what the estimator throws. */
export const fitEstimator = async (input: FitEstimatorInput): Promise<Model> => {
  const { estimator, onLoss, threads, random = createRandom(0), ...rows } = input
  const { features, target, weights, signal, onProgress } = rows
  switch (estimator.kind) {
    case "constant":
      return fitConstant({ ...rows, task: estimator.task })
    case "ridge":
      return fitRidge({ ...rows, parameters: estimator.parameters })
    case "logistic":
      return fitLogistic({ ...rows, parameters: estimator.parameters })
    case "isolation-forest":
      return fitIsolationForest({ features, random, signal, onProgress, parameters: estimator.parameters })
    case "boosting": {
      const parts = estimator.validation && holdOut(rows, estimator.validation, random)
      return fitBoosting({
        ...asBatch(parts?.kept ?? { features, target, weights }),
        validation: parts && asBatch(parts.held),
        parameters: estimator.parameters,
        seed: random.fork("boosting").integer(2 ** 32),
        threads,
        signal,
        onProgress: ({ tree, trees, validationLoss }) => {
          onProgress?.({ done: tree, total: trees, unit: "trees" })
          if (validationLoss !== undefined) onLoss?.(tree, validationLoss)
        },
      })
    }
    case "calibrated": {
      const { kept, held } = holdOut(rows, estimator.holdout, random)
      const model = await fitEstimator({ ...input, ...kept, estimator: estimator.base })
      return fitCalibrated({ model, ...held, method: estimator.method })
    }
    case "pipeline":
      return fitPipeline({
        ...rows,
        random,
        steps: estimator.steps,
        policy: estimator.policy,
        estimator: preprocessed =>
          fitEstimator({ ...input, ...preprocessed, estimator: estimator.estimator }),
      })
    default:
      throw unknownKind(estimator)
  }
}

/** Boosting takes fewer number types than others. */
const asBatch = ({ features, target, weights }: LabelledRows) => ({
  features,
  target: toFloat64(target),
  weights: weights && toFloat64(weights),
})

/** Trees, if the last part of the model is boosting. */
export const treesOf = (model: Model): number | undefined => {
  if (model.kind === "boosting") return model.roots.length
  if (model.kind === "pipeline") return treesOf(model.estimator)
  return model.kind === "calibrated" ? treesOf(model.base) : undefined
}

/** What metrics are computed from: the probability of class 1 of a classifier, the prediction of all others. */
export const responseOf = (model: Model, features: Features): Float64Array =>
  taskOf(model) === "classification" ? predictProba(model, features) : predict(model, features)

/** A number for what takes a seed. Depends on the stream's seed and the name alone. */
export const seedOf = (random: Random, name: string): number => random.fork(name).integer(2 ** 32)

const unknownKind = (estimator: never): RoadmapError => {
  const kind = String((estimator as { kind?: unknown }).kind)
  const guess = nearest(kind, estimatorKinds)
  return new RoadmapError("INVALID_INPUT", `There is no estimator of the kind "${kind}".`, {
    hint: guess ? `Did you mean "${guess}"?` : `Kinds: ${estimatorKinds.join(", ")}.`,
  })
}
