import { fitIsolationForest } from "../src/anomaly/isolation-forest.ts"
import { anomalyScores } from "../src/anomaly/score.ts"
import { fitConstant } from "../src/baseline/constant.ts"
import { fitKMeans } from "../src/clustering/k-means.ts"
import { fitPca } from "../src/decomposition/pca.ts"
import type { Features } from "../src/features.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { type Model, predict, predictProba } from "../src/model.ts"
import { fitImputer } from "../src/preprocessing/imputer.ts"
import { fitOneHot } from "../src/preprocessing/one-hot.ts"
import { fitStandardScaler } from "../src/preprocessing/standard-scaler.ts"
import { fitTargetEncoder } from "../src/preprocessing/target-encoder.ts"
import { type Transformer, transform } from "../src/transformer.ts"

export interface TrainingRows {
  readonly features: Features
  /** A number a row. */
  readonly target: Float64Array
  /** 0 or 1 a row. */
  readonly label: Uint8Array
  readonly weights?: Float64Array
}

/** An estimator as the property tests see it: fit, then a table of numbers for any rows. */
export interface Estimator {
  readonly name: string
  readonly fit: (rows: TrainingRows, parameters?: object) => Model | Transformer
  readonly apply: (fitted: Model | Transformer, features: Features) => readonly ArrayLike<number>[]
  /** Takes sample weights. */
  readonly weights: boolean
  /** "numbers": refuses gaps; "gaps": takes missing numbers; "any": takes categories too. */
  readonly takes: "numbers" | "gaps" | "any"
  readonly learnsFrom: "target" | "label" | "features"
  /** False for estimators without parameters. */
  readonly parameters: boolean
}

const asModel = (fitted: Model | Transformer) => fitted as Model
const columnsOf = (features: Features) =>
  features.columns.map(column => (column.kind === "numeric" ? column.values : column.codes))
const applyTransformer = (fitted: Model | Transformer, features: Features) =>
  columnsOf(transform(fitted as Transformer, features))

/** Three centers spread over the unit cube: the same start whatever the order of the rows. */
export const fixedCenters = (width: number): Float64Array =>
  Float64Array.from({ length: 3 * width }, (_, i) => Math.floor(i / width) - 1)

export const estimators: readonly Estimator[] = [
  {
    name: "constant",
    fit: ({ features, target, weights }) => fitConstant({ task: "regression", features, target, weights }),
    apply: (fitted, features) => [predict(asModel(fitted), features)],
    weights: true,
    takes: "any",
    learnsFrom: "target",
    parameters: false,
  },
  {
    name: "ridge",
    fit: ({ features, target, weights }, parameters = {}) =>
      fitRidge({ features, target, weights, parameters: { alpha: 0.5, ...parameters } }),
    apply: (fitted, features) => [predict(asModel(fitted), features)],
    weights: true,
    takes: "any",
    learnsFrom: "target",
    parameters: true,
  },
  {
    name: "logistic",
    fit: ({ features, label, weights }, parameters = {}) =>
      fitLogistic({ features, target: label, weights, parameters: { tolerance: 1e-13, ...parameters } }),
    apply: (fitted, features) => [predictProba(asModel(fitted), features)],
    weights: true,
    takes: "any",
    learnsFrom: "label",
    parameters: true,
  },
  {
    name: "k-means",
    fit: ({ features, weights }, parameters = {}) =>
      fitKMeans({
        features,
        weights,
        parameters: { clusters: Math.min(3, Math.max(1, features.rows)), tolerance: 0, ...parameters },
        initialCenters: features.rows >= 3 ? fixedCenters(features.columns.length) : undefined,
      }),
    apply: (fitted, features) => [predict(asModel(fitted), features)],
    weights: true,
    takes: "numbers",
    learnsFrom: "features",
    parameters: true,
  },
  {
    name: "isolation forest",
    // Every tree sees all rows, so that only the set of rows matters.
    fit: ({ features }, parameters = {}) =>
      fitIsolationForest({ features, parameters: { trees: 20, maxSamples: 1_000, ...parameters } }),
    apply: (fitted, features) => {
      const model = asModel(fitted)
      return [model.kind === "isolation-forest" ? anomalyScores(model, features) : []]
    },
    weights: false,
    takes: "numbers",
    learnsFrom: "features",
    parameters: true,
  },
  {
    name: "standard scaler",
    fit: ({ features, weights }) => fitStandardScaler({ features, weights }),
    apply: applyTransformer,
    weights: true,
    takes: "gaps",
    learnsFrom: "features",
    parameters: false,
  },
  {
    name: "imputer",
    fit: ({ features, weights }, parameters = {}) =>
      fitImputer({ features, weights, parameters: { strategy: "median", ...parameters } }),
    apply: applyTransformer,
    weights: true,
    takes: "gaps",
    learnsFrom: "features",
    parameters: true,
  },
  {
    name: "one-hot encoder",
    fit: ({ features }) => fitOneHot({ features }),
    apply: applyTransformer,
    weights: false,
    takes: "any",
    learnsFrom: "features",
    parameters: false,
  },
  {
    name: "target encoder",
    fit: ({ features, target, weights }, parameters = {}) =>
      fitTargetEncoder({ features, target, weights, parameters }),
    apply: applyTransformer,
    weights: true,
    takes: "any",
    learnsFrom: "target",
    parameters: true,
  },
  {
    name: "PCA",
    fit: ({ features }, parameters = {}) => fitPca({ features, parameters }),
    apply: applyTransformer,
    weights: false,
    takes: "numbers",
    learnsFrom: "features",
    parameters: true,
  },
]
