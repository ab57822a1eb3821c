import { RoadmapError } from "@roadmap/core/errors"
import type { IsolationForestModel } from "./anomaly/isolation-forest.ts"
import { anomalyScores } from "./anomaly/score.ts"
import { type ConstantModel, constantResponse } from "./baseline/constant.ts"
import type { BoostingModel } from "./boosting/model.ts"
import { predictBoosting } from "./boosting/predict.ts"
import { type CalibratedModel, calibrate } from "./calibration/calibrated.ts"
import { assignClusters, type KMeansModel } from "./clustering/k-means.ts"
import { alignColumns, type FeatureSchema } from "./columns.ts"
import type { Features } from "./features.ts"
import { type LogisticModel, logisticProbability } from "./linear/logistic.ts"
import { linearResponse } from "./linear/respond.ts"
import type { RidgeModel } from "./linear/ridge.ts"
import { type PipelineModel, preprocess } from "./pipeline/model.ts"

/** Every model: plain frozen data, told apart by `kind`, with numbers in typed arrays. */
export type Model =
  | ConstantModel
  | RidgeModel
  | LogisticModel
  | BoostingModel
  | KMeansModel
  | IsolationForestModel
  | CalibratedModel
  | PipelineModel

export type Task = "regression" | "classification" | "clustering" | "anomaly"

export const modelKinds = [
  "constant",
  "ridge",
  "logistic",
  "boosting",
  "k-means",
  "isolation-forest",
  "calibrated",
  "pipeline",
] as const

/** What goes in and what comes out, by name. */
export interface Signature {
  readonly inputs: readonly FeatureSchema[]
  readonly output: { readonly name: string; readonly task: Task }
}

export const signatureOf = (model: Model): Signature => ({
  inputs: model.features,
  output: { name: model.kind === "pipeline" ? model.output : "prediction", task: taskOf(model) },
})

/** What the model's predictions mean. */
export const taskOf = (model: Model): Task => {
  switch (model.kind) {
    case "constant":
      return model.task
    case "ridge":
      return "regression"
    case "logistic":
      return "classification"
    case "boosting":
      return model.loss === "logistic" ? "classification" : "regression"
    case "k-means":
      return "clustering"
    case "isolation-forest":
      return "anomaly"
    case "calibrated":
      return "classification"
    case "pipeline":
      return taskOf(model.estimator)
  }
}

/**
 * One value a row: the predicted number (regression), the label 0 or 1 (classification: 1 when its
 * probability is above one half), the cluster's number, or the anomaly score in (0, 1]. Columns are found by
 * name; throws INVALID_INPUT when one is missing or of the wrong kind.
 */
export const predict = (model: Model, features: Features): Float64Array => {
  const values = respond(model, features)
  if (taskOf(model) === "classification")
    for (let row = 0; row < values.length; row++) values[row] = values[row] > 0.5 ? 1 : 0
  return values
}

/**
 * Probability of class 1, once a row. Throws INVALID_INPUT for a model that is not a classifier, and as
 * `predict`.
 */
export const predictProba = (model: Model, features: Features): Float64Array => {
  if (taskOf(model) !== "classification")
    throw new RoadmapError(
      "INVALID_INPUT",
      `A ${model.kind} model for ${taskOf(model)} has no probabilities.`,
      {
        hint: "Use predict.",
      },
    )
  return respond(model, features)
}

/** The probability for classifiers, the prediction for all others. */
const respond = (model: Model, features: Features): Float64Array => {
  switch (model.kind) {
    case "constant":
      return constantResponse(model, features)
    case "ridge":
      return linearResponse(model, features)
    case "logistic":
      return logisticProbability(model, features)
    case "boosting":
      return predictBoosting(model, {
        rows: features.rows,
        columns: alignColumns(model.features, features),
      })
    case "k-means":
      return assignClusters(model, features)
    case "isolation-forest":
      return anomalyScores(model, features)
    case "calibrated":
      return calibrate(model.calibrator, respond(model.base, features))
    case "pipeline":
      return respond(model.estimator, preprocess(model, features))
  }
}
