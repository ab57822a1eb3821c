import { MISSING } from "@roadmap/ml/columns"
import type { FeatureColumn, Features } from "@roadmap/ml/features"
import type { InputColumn } from "../model/inputs.ts"
import { readDatetime } from "./datetime.ts"

/**
 * What becomes of null: "allow" takes it in `double`, `float` and columns that are not required, as MLflow
 * does; "refuse" in the last alone.
 */
export type MissingPolicy = "allow" | "refuse"

export type Cells = Float64Array | Float32Array | Int32Array | Uint8Array | (string | null)[]

/** Room for `rows` values of a column, as `InputColumn` says. */
export const cellsFor = ({ type, required, categories }: InputColumn, rows: number): Cells => {
  switch (type) {
    case "float":
      return new Float32Array(rows)
    case "string":
      return categories === undefined ? new Array<string | null>(rows).fill(null) : new Int32Array(rows)
    case "integer":
      return required ? new Int32Array(rows) : new Float64Array(rows)
    case "boolean":
      return required ? new Uint8Array(rows) : new Float64Array(rows)
    default:
      return new Float64Array(rows)
  }
}

/** Columns of features, as a model takes them. `inputs` are a model's: their texts are codes. */
export const toFeatures = (
  inputs: readonly InputColumn[],
  { rows, cells }: { rows: number; cells: readonly Cells[] },
): Features => {
  const columns: FeatureColumn[] = []
  for (let place = 0; place < inputs.length; place++) {
    const { name, categories } = inputs[place]
    columns.push(
      categories === undefined
        ? { name, kind: "numeric", values: cells[place] as Float64Array }
        : { name, kind: "categorical", codes: cells[place] as Int32Array, categories },
    )
  }
  return { rows, columns }
}

/** Writes a parsed JSON value into the column's cells. False when it does not fit, coercing nothing. */
export const writeCell = (
  column: InputColumn,
  cells: Cells,
  row: number,
  value: unknown,
  missing: MissingPolicy,
): boolean => {
  if (value === null) return writeMissing(column, cells, row, missing)
  switch (column.type) {
    case "double":
      if (typeof value !== "number" || !Number.isFinite(value)) return false
      cells[row] = value
      return true
    case "float":
      if (typeof value !== "number" || !(Math.abs(value) <= largestFloat)) return false
      cells[row] = value
      return true
    case "integer":
      if (typeof value !== "number" || value !== (value | 0)) return false
      cells[row] = value
      return true
    case "long":
      if (!Number.isSafeInteger(value)) return false
      cells[row] = value as number
      return true
    case "boolean":
      if (typeof value !== "boolean") return false
      cells[row] = value ? 1 : 0
      return true
    case "string":
      if (typeof value !== "string") return false
      if (column.categories === undefined) cells[row] = value
      else cells[row] = column.codeOf?.get(value) ?? column.categories.length - 1
      return true
    case "datetime": {
      const micros = typeof value === "string" ? readDatetime(value) : undefined
      if (micros === undefined) return false
      cells[row] = micros
      return true
    }
  }
}

/** The largest 32-bit float; what is beyond would be rounded to it, or to infinity. */
export const largestFloat = 3.4028234663852886e38

/** Writes a missing value, if the column may have one. */
export const writeMissing = (
  column: InputColumn,
  cells: Cells,
  row: number,
  missing: MissingPolicy,
): boolean => {
  const { required, type } = column
  if (required && (missing === "refuse" || (type !== "double" && type !== "float"))) return false
  if (type !== "string") cells[row] = Number.NaN
  else if (column.categories !== undefined) cells[row] = MISSING
  return true
}

/** What a column takes, in words. */
export const expectedOf = ({ type, required }: InputColumn, missing: MissingPolicy): string => {
  const nullable = !required || (missing === "allow" && (type === "double" || type === "float"))
  return `${wanted[type]}${nullable ? " or null" : ""}`
}

const wanted: Record<InputColumn["type"], string> = {
  double: "a number (double)",
  float: "a number within the range of 32-bit floats (float)",
  integer: "a whole number from -2147483648 to 2147483647 (integer)",
  long: "a whole number from -(2^53 - 1) to 2^53 - 1 (long)",
  boolean: "true or false (boolean)",
  string: "a text (string)",
  datetime: "an ISO 8601 date or date-time without offset (datetime)",
}
