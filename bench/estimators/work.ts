/** This project's share of the bench, in a process of its own: a Part as JSON in, results by task out. */
import { fitIsolationForest } from "@roadmap/ml/anomaly/isolation-forest"
import { anomalyScores } from "@roadmap/ml/anomaly/score"
import { applyIsotonic, fitIsotonic } from "@roadmap/ml/calibration/isotonic"
import { fitKMeans } from "@roadmap/ml/clustering/k-means"
import { fitPca } from "@roadmap/ml/decomposition/pca"
import { createFeatures, type Features } from "@roadmap/ml/features"
import { fitLogistic } from "@roadmap/ml/linear/logistic"
import { linearResponse } from "@roadmap/ml/linear/respond"
import { fitRidge } from "@roadmap/ml/linear/ridge"
import { crossFitTarget } from "@roadmap/ml/preprocessing/target-encoder"
import { type Part, readPart } from "./data.ts"

export interface Outcome {
  readonly seconds: number
  /** What the estimator minimises, or another number that both systems can compare. */
  readonly objective: number
}

interface Data {
  readonly features: Features
  readonly target: Float64Array
  readonly label: Float64Array
  readonly categories: Features
}

/** Fits, and answers how to get the objective, which is not timed. */
type Task = (data: Data) => () => number

const clusters = 8
const forestRows = 200_000
const warmRows = 20_000

const tasks: Record<string, Task> = {
  ridge: ({ features, target }) => {
    const model = fitRidge({ features, target, parameters: { alpha: 1, standardize: false } })
    return () =>
      sum(linearResponse(model, features), (p, row) => (target[row] - p) ** 2) + squares(model.coefficients)
  },
  logistic: ({ features, label }) => {
    const model = fitLogistic({ features, target: label, parameters: { C: 1, standardize: false } })
    return () =>
      sum(
        linearResponse(model, features),
        (x, row) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0) - label[row] * x,
      ) +
      squares(model.coefficients) / 2
  },
  "k-means, given start, 30 iterations": ({ features }) => {
    const initialCenters = Float64Array.from({ length: clusters * features.columns.length }, (_, at) =>
      valueAt(features, Math.floor(at / features.columns.length), at % features.columns.length),
    )
    const model = fitKMeans({
      features,
      parameters: { clusters, maxIterations: 30, tolerance: 0 },
      initialCenters,
    })
    return () => model.inertia
  },
  "k-means, two k-means++ starts": ({ features }) => {
    const model = fitKMeans({ features, parameters: { clusters, nInit: 2 } })
    return () => model.inertia
  },
  "isolation forest, fit and score": ({ features }) => {
    const rows = Math.min(forestRows, features.rows)
    const some = head(features, rows)
    const scores = anomalyScores(fitIsolationForest({ features: some, parameters: { trees: 100 } }), some)
    return () => sum(scores, score => score) / rows
  },
  PCA: ({ features }) => {
    const model = fitPca({ features, parameters: { components: 5 } })
    return () => sum(model.variance, variance => variance)
  },
  "isotonic curve": ({ features, label }) => {
    const scores = features.columns[0].kind === "numeric" ? features.columns[0].values : label
    const curve = fitIsotonic({ scores, target: label })
    return () => sum(label, (value, row) => (applyIsotonic(curve, scores[row]) - value) ** 2)
  },
  "target encoder, cross-fitted": ({ categories, target }) => {
    const [encoded] = crossFitTarget({ features: categories, target }).columns
    return () =>
      encoded.kind === "numeric" ? sum(encoded.values, (value, row) => (value - target[row]) ** 2) : 0
  },
}

const sum = (values: ArrayLike<number>, term: (value: number, row: number) => number): number => {
  let total = 0
  for (let row = 0; row < values.length; row++) total += term(values[row], row)
  return total
}

const squares = (values: Float64Array): number => sum(values, value => value * value)

const valueAt = ({ columns }: Features, row: number, column: number): number => {
  const source = columns[column]
  return source.kind === "numeric" ? source.values[row] : source.codes[row]
}

const head = ({ columns }: Features, rows: number): Features => ({
  rows,
  columns: columns.map(column =>
    column.kind === "numeric"
      ? { ...column, values: column.values.subarray(0, rows) }
      : { ...column, codes: column.codes.subarray(0, rows) },
  ),
})

const part: Part & { readonly tasks: readonly string[] } = JSON.parse(process.argv[2])
const { values, target, codes, categories } = await readPart(part)
const data: Data = {
  features: createFeatures(values.map((column, i) => ({ name: `x${i}`, kind: "numeric", values: column }))),
  target,
  label: target.map(value => (value > 0 ? 1 : 0)),
  categories: createFeatures([{ name: "code", kind: "categorical", codes, categories }]),
}
const few: Data = {
  features: head(data.features, warmRows),
  target: target.slice(0, warmRows),
  label: data.label.slice(0, warmRows),
  categories: head(data.categories, warmRows),
}
const outcomes: Record<string, Outcome> = {}
for (const name of part.tasks) {
  tasks[name](few)
  let seconds = Infinity
  let objective = () => Number.NaN
  for (let fit = 0; fit < 2; fit++) {
    const started = performance.now()
    objective = tasks[name](data)
    seconds = Math.min(seconds, (performance.now() - started) / 1000)
  }
  outcomes[name] = { seconds, objective: objective() }
}
process.stdout.write(JSON.stringify(outcomes))
