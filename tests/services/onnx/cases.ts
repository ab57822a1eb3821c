import { createRandom } from "../../../packages/core/src/random.ts"
import { fitIsolationForest } from "../../../packages/ml/src/anomaly/isolation-forest.ts"
import { fitConstant } from "../../../packages/ml/src/baseline/constant.ts"
import { fitBoosting } from "../../../packages/ml/src/boosting/fit.ts"
import type { Loss } from "../../../packages/ml/src/boosting/parameters.ts"
import { fitCalibrated } from "../../../packages/ml/src/calibration/fit.ts"
import { fitKMeans } from "../../../packages/ml/src/clustering/k-means.ts"
import { fitPca } from "../../../packages/ml/src/decomposition/pca.ts"
import { createFeatures, type FeatureColumn, type Features } from "../../../packages/ml/src/features.ts"
import { fitLogistic } from "../../../packages/ml/src/linear/logistic.ts"
import { fitRidge } from "../../../packages/ml/src/linear/ridge.ts"
import type { Model } from "../../../packages/ml/src/model.ts"
import { fitPipeline, type PipelineStep } from "../../../packages/ml/src/pipeline/fit.ts"
import { fitImputer } from "../../../packages/ml/src/preprocessing/imputer.ts"
import { fitOneHot } from "../../../packages/ml/src/preprocessing/one-hot.ts"
import { fitStandardScaler } from "../../../packages/ml/src/preprocessing/standard-scaler.ts"
import { fitTargetEncoder } from "../../../packages/ml/src/preprocessing/target-encoder.ts"
import type { Transformer } from "../../../packages/ml/src/transformer.ts"

/** A fitted model, and the columns that it takes. */
export interface OnnxCase {
  readonly name: string
  readonly model: Model | Transformer
  readonly takes: "any" | "numbers"
}

const airports = Array.from({ length: 300 }, (_, code) => `A${String(code).padStart(3, "0")}`)
const carriers = ["AA", "B6", "DL", "WN"]

/** Rows of flights: gaps, skewed categories; with `odd`, unseen categories and extreme numbers too. */
export const flights = (rows: number, seed: number, odd: boolean) => {
  const random = createRandom(seed)
  const distance = new Float64Array(rows)
  const hour = new Int16Array(rows)
  const meanDelay = new Float64Array(rows)
  const origin = new Int32Array(rows)
  const carrier = new Int32Array(rows)
  const delay = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    distance[row] = Math.round(100 + 700 * random.next() ** 2 * 4)
    hour[row] = random.integer(24)
    meanDelay[row] = 8 + 12 * random.normal() // Doubles that are no floats.
    origin[row] = Math.floor(random.next() ** 2 * airports.length)
    carrier[row] = random.integer(carriers.length + 1) - 1
    delay[row] =
      distance[row] / 200 +
      hour[row] / 2 +
      meanDelay[row] / 3 +
      (origin[row] % 7) * 3 -
      carrier[row] * 2 +
      4 * random.normal()
    if (row % 13 === 0) meanDelay[row] = Number.NaN
    if (row % 17 === 0) origin[row] = -1
    if (!odd) continue
    if (row % 19 === 0) distance[row] = extremes[(row / 19) % extremes.length]
    if (row % 23 === 0) meanDelay[row] = extremes[(row / 23) % extremes.length]
    if (row % 29 === 0) origin[row] = airports.length + random.integer(5)
    if (row % 31 === 0) carrier[row] = carriers.length
  }
  const unseen = (names: readonly string[]) => [...names, "Q1", "Q2", "Q3", "Q4", "Q5"]
  const numbers: FeatureColumn[] = [
    { name: "distance", kind: "numeric", values: distance },
    { name: "hour", kind: "numeric", values: hour },
    { name: "mean delay", kind: "numeric", values: meanDelay },
  ]
  const categories: FeatureColumn[] = [
    { name: "origin", kind: "categorical", codes: origin, categories: odd ? unseen(airports) : airports },
    { name: "carrier", kind: "categorical", codes: carrier, categories: odd ? unseen(carriers) : carriers },
  ]
  const late = Uint8Array.from(delay, value => (value > 18 ? 1 : 0))
  return { any: createFeatures([...numbers, ...categories]), numbers: withoutGaps(numbers), delay, late }
}

const extremes = [0, -0, 1e-300, -1e30, 1e30, 3e38, -1e-45, 0.1, 16_777_217, Number.EPSILON]

/** Numeric columns alone, missing values at 7.7. */
const withoutGaps = (columns: readonly FeatureColumn[]): Features =>
  createFeatures(
    columns.map(column => ({
      ...column,
      values: Float64Array.from((column as { values: Float64Array }).values, value =>
        Number.isNaN(value) ? 7.7 : value,
      ),
    })) as FeatureColumn[],
  )

/** A fitted model of every kind, loss and step, on 4,000 rows. */
export const onnxCases = async (): Promise<OnnxCase[]> => {
  const { any, numbers, delay, late } = flights(4_000, 1, false)
  const target = delay
  const boost = (loss: Loss, features: Features, parameters: object = {}) =>
    fitBoosting({
      features,
      target:
        loss === "logistic"
          ? late
          : loss === "poisson"
            ? delay.map(value => Math.max(0, Math.round(value)))
            : delay,
      parameters: { trees: 60, learningRate: 0.1, loss, ...parameters },
      threads: 1,
    })
  const logistic = fitLogistic({ features: any, target: late, parameters: { missingIndicator: true } })
  const boosted = await boost("logistic", any)
  const pipeline = (
    steps: readonly PipelineStep[],
    estimator: (features: Features) => Model | Promise<Model>,
    policy = {},
  ) =>
    fitPipeline({
      features: any,
      target,
      steps,
      policy,
      output: "delay",
      estimator: ({ features }) => estimator(features),
    })
  const model = (name: string, fitted: Model | Transformer, takes: OnnxCase["takes"] = "any"): OnnxCase => ({
    name,
    model: fitted,
    takes,
  })
  return [
    model("constant", fitConstant({ task: "regression", features: any, target })),
    model(
      "constant prior",
      fitConstant({ task: "classification", features: numbers, target: late }),
      "numbers",
    ),
    model("ridge", fitRidge({ features: any, target })),
    model(
      "ridge with indicators",
      fitRidge({ features: any, target, parameters: { missingIndicator: true } }),
    ),
    model("ridge on numbers", fitRidge({ features: numbers, target }), "numbers"),
    model("logistic", logistic),
    model("boosting", await boost("squared", any)),
    model("boosting on numbers", await boost("squared", numbers, { leaves: 63 }), "numbers"),
    model("boosting huber", await boost("huber", any, { bins: 63 })),
    model("boosting quantile", await boost("quantile", any)),
    model("boosting absolute", await boost("absolute", any)),
    model("boosting poisson", await boost("poisson", any)),
    model("boosting logistic", boosted),
    model("boosting few bins", await boost("squared", any, { bins: 16, minRowsPerLeaf: 5 })),
    model("k-means", fitKMeans({ features: numbers, parameters: { clusters: 9 } }), "numbers"),
    model("isolation forest", fitIsolationForest({ features: numbers }), "numbers"),
    model("isotonic", fitCalibrated({ model: boosted, features: any, target: late, method: "isotonic" })),
    model("platt", fitCalibrated({ model: logistic, features: any, target: late, method: "sigmoid" })),
    model(
      "pipeline of every step",
      await pipeline(
        [
          { step: "imputer", parameters: { missingIndicator: true, strategy: "median" } },
          { step: "one-hot", columns: ["carrier"] },
          { step: "target-encoder" },
          { step: "standard-scaler", columns: ["origin", "mean delay"] },
          {
            step: "pca",
            columns: ["distance", "hour", "mean delay"],
            parameters: { components: 2, whiten: true },
          },
        ],
        features => fitRidge({ features, target }),
      ),
    ),
    model(
      "pipeline with k-means",
      await pipeline([{ step: "imputer" }, { step: "one-hot" }, { step: "standard-scaler" }], features =>
        fitKMeans({ features, parameters: { clusters: 5, nInit: 1 } }),
      ),
    ),
    model(
      "pipeline that refuses unknown categories",
      await pipeline([{ step: "target-encoder" }], features => boost("squared", features), {
        unknownCategories: "refuse",
      }),
    ),
    model("imputer", fitImputer({ features: any, parameters: { missingIndicator: true } })),
    model("standard scaler", fitStandardScaler({ features: any })),
    model("one-hot", fitOneHot({ features: any, columns: ["carrier"] })),
    model("target encoder", fitTargetEncoder({ features: any, target })),
    model("pca", fitPca({ features: numbers }), "numbers"),
  ]
}
