import type { FeatureColumn, Features } from "./features.ts"
import type { NumericArray } from "./input.ts"

/** The given rows of every column, in the given order; rows may repeat. */
export const takeRows = (features: Features, rows: Int32Array): Features => ({
  rows: rows.length,
  columns: features.columns.map(
    (column): FeatureColumn =>
      column.kind === "numeric"
        ? { ...column, values: takeValues(column.values, rows) }
        : { ...column, codes: takeValues(column.codes, rows) },
  ),
})

/** The given values, in the given order, in an array of the same type. */
export const takeValues = <T extends NumericArray>(values: T, rows: Int32Array): T => {
  const result = new (values.constructor as new (length: number) => T)(rows.length)
  for (let i = 0; i < rows.length; i++) result[i] = values[rows[i]]
  return result
}
