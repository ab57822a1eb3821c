import type { DuckDBDataChunk } from "@duckdb/node-api"
import duckdb from "@duckdb/node-bindings"
import type { Column, ColumnBatch, Field } from "../../port.ts"

/** The SQL type that stores a field exactly. */
export const sqlType = (field: Field): string =>
  field.type === "decimal" ? `DECIMAL(${field.precision ?? 18}, ${field.scale ?? 3})` : sqlTypes[field.type]

const sqlTypes = {
  boolean: "BOOLEAN",
  int32: "INTEGER",
  int64: "BIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  date: "DATE",
  timestamp: "TIMESTAMP",
  string: "VARCHAR",
}

/** Copies rows `from` to `to` of a batch into a chunk of the same column types. */
export const writeChunk = (chunk: DuckDBDataChunk, batch: ColumnBatch, from: number, to: number): void => {
  chunk.rowCount = to - from
  batch.columns.forEach((column, index) => {
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
    writeValidity(vector, column, from, to)
    writeValues(vector, column, from, to)
  })
}

const writeValues = (vector: duckdb.Vector, column: Column, from: number, to: number): void => {
  if (column.type === "string") {
    for (let row = from; row < to; row++)
      if (column.valid?.[row] !== 0)
        duckdb.vector_assign_string_element_len(vector, row - from, encoder.encode(column.values[row]))
  } else if (column.type === "decimal") copyBytes(vector, scaledDecimals(column, from, to))
  else copyBytes(vector, column.values.subarray(from, to))
}

const encoder = new TextEncoder()

const copyBytes = (vector: duckdb.Vector, values: ArrayBufferView): void =>
  duckdb.copy_data_to_vector(vector, 0, values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)

const writeValidity = (vector: duckdb.Vector, column: Column, from: number, to: number): void => {
  if (!column.valid) return
  const bits = new Uint8Array(Math.ceil((to - from) / 64) * 8)
  for (let row = from; row < to; row++)
    if (column.valid[row] !== 0) bits[(row - from) >> 3] |= 1 << ((row - from) & 7)
  duckdb.vector_ensure_validity_writable(vector)
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.byteLength)
}

const scaledDecimals = (column: Column & { type: "decimal" }, from: number, to: number): ArrayBufferView => {
  const scaled = (row: number): bigint =>
    column.valid?.[row] === 0 ? 0n : scaledDecimal(column.values[row], column.scale)
  const rows = { length: to - from }
  if (column.precision <= 4) return Int16Array.from(rows, (_, i) => Number(scaled(from + i)))
  if (column.precision <= 9) return Int32Array.from(rows, (_, i) => Number(scaled(from + i)))
  if (column.precision <= 18) return BigInt64Array.from(rows, (_, i) => scaled(from + i))
  const halves = new BigInt64Array(2 * rows.length)
  for (let i = 0; i < rows.length; i++) {
    const value = scaled(from + i)
    halves[2 * i] = BigInt.asIntN(64, value)
    halves[2 * i + 1] = value >> 64n
  }
  return halves
}

/** "-12.5" at scale 2 is -1250n. */
const scaledDecimal = (text: string, scale: number): bigint => {
  const [whole, fraction = ""] = text.split(".")
  return BigInt(whole + fraction.padEnd(scale, "0").slice(0, scale))
}
