import type { CategoricalColumn, FeatureColumn, Features, NumericColumn } from "@roadmap/ml/features"
import type { Predictions } from "../model/served.ts"

/**
 * The rows of several requests of one model as one set, in their order. All have the same columns in the same
 * order, and of a categorical column the same categories.
 */
export const joinFeatures = (parts: readonly Features[]): Features => {
  if (parts.length === 1) return parts[0]
  let rows = 0
  for (const part of parts) rows += part.rows
  return {
    rows,
    columns: parts[0].columns.map((first, c) =>
      first.kind === "numeric" ? joinNumeric(first, parts, c, rows) : joinCategorical(first, parts, c, rows),
    ),
  }
}

/** What one call predicted, cut into the requests' shares: views, nothing is copied. */
export const splitPredictions = (joined: Predictions, parts: readonly Features[]): Predictions[] => {
  if (parts.length === 1) return [joined]
  let first = 0
  return parts.map(({ rows }) => {
    const share = {
      rows,
      columns: joined.columns.map(({ name, values }) => ({
        name,
        values: values.subarray(first, first + rows),
      })),
    }
    first += rows
    return share
  })
}

const joinNumeric = (
  first: NumericColumn,
  parts: readonly Features[],
  c: number,
  rows: number,
): FeatureColumn => {
  const columns = parts.map(part => (part.columns[c] as NumericColumn).values)
  // A request with missing integers brings decimals where others bring integers.
  const kind = first.values.constructor as Float64ArrayConstructor
  const alike = columns.every(values => values.constructor === kind)
  const values = alike ? new kind(rows) : new Float64Array(rows)
  let at = 0
  for (const part of columns) {
    values.set(part, at)
    at += part.length
  }
  return { name: first.name, kind: "numeric", values }
}

const joinCategorical = (
  { name, categories }: CategoricalColumn,
  parts: readonly Features[],
  c: number,
  rows: number,
): FeatureColumn => {
  const codes = new Int32Array(rows)
  let at = 0
  for (const part of parts) {
    const column = part.columns[c] as CategoricalColumn
    codes.set(column.codes, at)
    at += column.codes.length
  }
  return { name, kind: "categorical", codes, categories }
}
