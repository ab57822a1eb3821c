import { RoadmapError } from "@roadmap/core/errors"

/** A numeric feature, one value a row. NaN is a missing value. */
export interface NumericColumn {
  readonly name: string
  readonly kind: "numeric"
  readonly values: Float64Array | Float32Array | Int32Array | Int16Array | Uint8Array
}

/** A categorical feature: `codes[row]` indexes `categories`; -1 is a missing value. */
export interface CategoricalColumn {
  readonly name: string
  readonly kind: "categorical"
  readonly codes: Int32Array | Int16Array | Uint8Array
  readonly categories: readonly string[]
}

export type FeatureColumn = NumericColumn | CategoricalColumn

/** The input of every estimator: columns of equal length, stored column by column. */
export interface Features {
  readonly rows: number
  readonly columns: readonly FeatureColumn[]
}

export const columnLength = (column: FeatureColumn): number =>
  column.kind === "numeric" ? column.values.length : column.codes.length

/** Builds Features and checks that every column has the same length and its own name. Throws INVALID_INPUT. */
export const createFeatures = (columns: readonly FeatureColumn[]): Features => {
  const rows = columns.length === 0 ? 0 : columnLength(columns[0])
  const names = new Set<string>()
  for (const column of columns) {
    if (names.has(column.name))
      throw new RoadmapError("INVALID_INPUT", `Feature "${column.name}" appears twice.`)
    names.add(column.name)
    if (columnLength(column) !== rows)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Feature "${column.name}" has ${columnLength(column)} rows; "${columns[0].name}" has ${rows}.`,
      )
  }
  return { rows, columns }
}
