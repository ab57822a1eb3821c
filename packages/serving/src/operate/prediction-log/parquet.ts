import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer"
import type { LogColumn, LogRows } from "./builder.ts"

/**
 * A Parquet file of these rows, and of the columns `model` and `version`. Times are UTC in milliseconds, numbers are
 * DOUBLE, missing values are null.
 */
export const toParquet = (rows: LogRows, model: string, version: number): Uint8Array => {
  const columnData: ColumnSource[] = [
    ...rows.columns.map(column => toColumn(column, rows.rows)),
    { name: "model", data: Array(rows.rows).fill(model), type: "STRING", nullable: false },
    { name: "version", data: new Int32Array(rows.rows).fill(version), type: "INT32", nullable: false },
  ]
  return new Uint8Array(parquetWriteBuffer({ columnData, codec: "SNAPPY" }))
}

const toColumn = (column: LogColumn, rows: number): ColumnSource => {
  const { name } = column
  switch (column.kind) {
    case "time":
      return { name, data: dates(column.values, rows), type: "TIMESTAMP", nullable: false }
    case "integer":
      return { name, data: Int32Array.from(column.values.subarray(0, rows)), type: "INT32", nullable: false }
    case "number":
      // Measurements repeat too seldom for a dictionary: to look for one costs a third of the writer's time.
      return {
        name,
        data: numbers(column.values.subarray(0, rows)),
        type: "DOUBLE",
        nullable: true,
        encoding: "PLAIN",
        statistics: false,
      }
    case "category":
      return {
        name,
        data: Array.from({ length: rows }, (_, row) => column.categories[column.values[row]]),
        type: "STRING",
        nullable: true,
      }
    case "text":
      return { name, data: [...column.values], type: "STRING", nullable: true }
  }
}

const dates = (values: Float64Array, rows: number): Date[] =>
  Array.from({ length: rows }, (_, row) => new Date(values[row]))

/** Typed as they are unless one is missing: the writer knows undefined, and takes NaN for a number. */
const numbers = (values: Float64Array): Float64Array | (number | undefined)[] =>
  values.some(Number.isNaN) ? Array.from(values, value => (Number.isNaN(value) ? undefined : value)) : values
