import { createRandom } from "@roadmap/core/random"
import { fitIsolationForest } from "../src/anomaly/isolation-forest.ts"
import { fitConstant } from "../src/baseline/constant.ts"
import { fitBoosting } from "../src/boosting/fit.ts"
import { fitCalibrated } from "../src/calibration/fit.ts"
import { fitKMeans } from "../src/clustering/k-means.ts"
import type { Features } from "../src/features.ts"
import { createFeatures } from "../src/features.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import type { Model } from "../src/model.ts"
import { fitPipeline } from "../src/pipeline/fit.ts"

/** A small problem with numbers, gaps and categories, where all features matter. */
export const smallProblem = (rows = 300, seed = 1) => {
  const random = createRandom(seed)
  const distance = new Float64Array(rows)
  const hour = new Int16Array(rows)
  const codes = new Int32Array(rows)
  const delay = new Float64Array(rows)
  const late = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    distance[row] = 500 + 300 * random.normal()
    hour[row] = random.integer(24)
    codes[row] = random.integer(4) - 1
    delay[row] = distance[row] / 100 + hour[row] + 8 * codes[row] + 5 * random.normal()
    late[row] = delay[row] > 22 ? 1 : 0
    if (row % 17 === 0) distance[row] = Number.NaN
  }
  const features = createFeatures([
    { name: "distance", kind: "numeric", values: distance },
    { name: "hour", kind: "numeric", values: hour },
    { name: "origin", kind: "categorical", codes, categories: ["ATL", "ORD", "SFO"] },
  ])
  return { features, delay, late }
}

/** The numeric features of the small problem without gaps, for estimators that take no others. */
export const completeFeatures = (features: Features): Features =>
  createFeatures([
    {
      name: "hour",
      kind: "numeric",
      values: features.columns[1].kind === "numeric" ? features.columns[1].values : new Int16Array(0),
    },
    {
      name: "distance",
      kind: "numeric",
      values:
        features.columns[0].kind === "numeric"
          ? Float64Array.from(features.columns[0].values, value => (Number.isNaN(value) ? 500 : value))
          : new Float64Array(0),
    },
  ])

/** One fitted model of every kind, with features it predicts. */
export const everyModel = async (): Promise<{ model: Model; features: Features }[]> => {
  const { features, delay, late } = smallProblem()
  const complete = completeFeatures(features)
  const logistic = fitLogistic({ features, target: late })
  const pipeline = await fitPipeline({
    features,
    target: delay,
    steps: [
      { step: "imputer", parameters: { missingIndicator: true } },
      { step: "target-encoder" },
      { step: "standard-scaler" },
      { step: "pca", columns: ["distance", "hour", "origin"], parameters: { components: 2 } },
    ],
    estimator: input => fitRidge({ ...input, target: delay }),
  })
  const boost = (target: Float64Array | Uint8Array, loss: "squared" | "logistic") =>
    fitBoosting({ features, target, parameters: { trees: 5, loss }, threads: 1 })
  return [
    { model: fitConstant({ task: "regression", features, target: delay }), features },
    { model: fitConstant({ task: "classification", features, target: late }), features },
    { model: fitRidge({ features, target: delay, parameters: { missingIndicator: true } }), features },
    { model: logistic, features },
    { model: await boost(delay, "squared"), features },
    { model: await boost(late, "logistic"), features },
    { model: fitKMeans({ features: complete, parameters: { clusters: 3 } }), features: complete },
    { model: fitIsolationForest({ features: complete, parameters: { trees: 10 } }), features: complete },
    {
      model: fitCalibrated({ model: logistic, features, target: late, method: "sigmoid" }),
      features,
    },
    {
      model: fitCalibrated({ model: logistic, features, target: late, method: "isotonic" }),
      features,
    },
    { model: pipeline, features },
  ]
}
