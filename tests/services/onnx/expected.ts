import { alignColumns } from "../../../packages/ml/src/columns.ts"
import type { Features } from "../../../packages/ml/src/features.ts"
import { type Model, predict, predictProba, taskOf } from "../../../packages/ml/src/model.ts"
import { type Transformer, transform, transformerKinds } from "../../../packages/ml/src/transformer.ts"

/** What the outputs of an exported model must hold, in their order: this package's own predictions. */
export const expectedOutputs = (model: Model | Transformer, features: Features): Float64Array[] => {
  if (isTransformer(model)) return [stepOutput(model, features)]
  const rows = acceptedRows(model, features)
  const whole = taskOf(model) === "classification" || taskOf(model) === "clustering"
  const spread = (values: Float64Array, refused: number) => {
    const all = new Float64Array(features.rows).fill(refused)
    for (let i = 0; i < rows.length; i++) all[rows[i]] = values[i]
    return all
  }
  const accepted = rows.length === features.rows ? features : selectRows(features, rows)
  const outputs = [spread(predict(model, accepted), whole ? -1 : Number.NaN)]
  if (taskOf(model) === "classification") outputs.push(spread(predictProba(model, accepted), Number.NaN))
  return outputs
}

/** The largest |actual - expected| / |expected|; NaN where both are NaN counts as equal. */
export const largestRelative = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} values were compared with ${expected.length}`)
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue
    const difference = Math.abs(actual[i] - expected[i]) / Math.max(Math.abs(expected[i]), 1e-12)
    if (!(difference <= largest)) largest = difference
  }
  return largest
}

export const selectRows = (features: Features, rows: ArrayLike<number>): Features => ({
  rows: rows.length,
  columns: features.columns.map(column =>
    column.kind === "numeric"
      ? { ...column, values: Float64Array.from(rows, row => column.values[row]) }
      : { ...column, codes: Int32Array.from(rows, row => column.codes[row]) },
  ),
})

/** Numbers rounded to 32-bit floats, for models exported with numbers: "float". */
export const asFloats = (features: Features): Features => ({
  rows: features.rows,
  columns: features.columns.map(column =>
    column.kind === "numeric" ? { ...column, values: Float64Array.from(column.values, Math.fround) } : column,
  ),
})

/** Rows without an unknown category, when the model refuses such. */
const acceptedRows = (model: Model, features: Features): number[] => {
  const all = Array.from({ length: features.rows }, (_, row) => row)
  if (model.kind !== "pipeline" || model.policy.unknownCategories === "accept") return all
  const columns = alignColumns(model.features, features)
  return all.filter(row => columns.every(column => column.kind === "numeric" || column.codes[row] !== -2))
}

const stepOutput = (step: Transformer, features: Features): Float64Array => {
  const known = step.features.flatMap(({ name }) => features.columns.filter(column => column.name === name))
  const { columns } = transform(step, { rows: features.rows, columns: known })
  const output = new Float64Array(features.rows * columns.length)
  columns.forEach((column, at) => {
    if (column.kind !== "numeric") throw new Error(`${column.name} is not numeric`)
    for (let row = 0; row < features.rows; row++) output[row * columns.length + at] = column.values[row]
  })
  return output
}

const isTransformer = (model: Model | Transformer): model is Transformer =>
  (transformerKinds as readonly string[]).includes(model.kind)
