import { createRandom } from "@roadmap/core/random"
import type { BoostingModel } from "../src/boosting/model.ts"
import { createFeatures, type Features } from "../src/features.ts"

/** Rows with numeric features (one with missing values), categories and a target that depends on them all. */
export const mixedRows = (rows: number, seed = 1, numeric = 4, categories = 12) => {
  const random = createRandom(seed)
  const columns = Array.from({ length: numeric }, () => new Float64Array(rows))
  const codes = new Int16Array(rows)
  const target = new Float64Array(rows)
  const weights = new Float64Array(rows)
  const effects = Array.from({ length: categories }, () => random.normal() * 2)
  for (let row = 0; row < rows; row++) {
    for (const column of columns) column[row] = random.normal()
    codes[row] = random.next() < 0.05 ? -1 : random.integer(categories)
    target[row] =
      3 * columns[0][row] +
      2 * Math.sin(2 * columns[1][row]) +
      (columns[2][row] > 0.3 ? 2 : 0) * columns[0][row] +
      (codes[row] < 0 ? 4 : effects[codes[row]]) +
      0.5 * random.normal()
    if (random.next() < 0.1) columns[1][row] = Number.NaN
    weights[row] = 1 + random.integer(3)
  }
  const names = Array.from({ length: categories }, (_, i) => `c${i}`)
  const features = createFeatures([
    ...columns.map((values, i) => ({ name: `x${i}`, kind: "numeric" as const, values })),
    { name: "carrier", kind: "categorical", codes, categories: names },
  ])
  return { features, target, weights, labels: target.map(value => (value > 1 ? 1 : 0)) }
}

/** The rows of `order`, which may repeat or leave out some. */
export const takeRows = (features: Features, order: readonly number[]): Features =>
  createFeatures(
    features.columns.map(column =>
      column.kind === "numeric"
        ? { ...column, values: Float64Array.from(order, row => column.values[row]) }
        : { ...column, codes: Int16Array.from(order, row => column.codes[row]) },
    ),
  )

/** Numeric values on a grid of tenths: few enough for a bin each. */
export const onGrid = (features: Features): Features =>
  createFeatures(
    features.columns.map(column =>
      column.kind === "numeric"
        ? { ...column, values: Float64Array.from(column.values, value => Math.round(value * 10) / 10) }
        : column,
    ),
  )

export const numericFeatures = (columns: Record<string, ArrayLike<number>>): Features =>
  createFeatures(
    Object.entries(columns).map(([name, values]) => ({
      name,
      kind: "numeric" as const,
      values: Float64Array.from(values),
    })),
  )

export const rootMeanSquare = (predicted: Float64Array, target: ArrayLike<number>): number =>
  Math.sqrt(predicted.reduce((sum, value, i) => sum + (value - target[i]) ** 2, 0) / predicted.length)

/** Leaves of tree `tree` and the training rows in them. */
export const leavesOf = (model: BoostingModel, tree: number): number[] => {
  const end = tree + 1 < model.roots.length ? model.roots[tree + 1] : model.feature.length
  const nodes = Array.from({ length: end - model.roots[tree] }, (_, i) => model.roots[tree] + i)
  return nodes.filter(node => model.feature[node] < 0)
}
