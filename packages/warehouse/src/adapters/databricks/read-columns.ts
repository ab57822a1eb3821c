import { RoadmapError } from "@roadmap/core/errors"
import type { Column, ColumnBatch, Field } from "../../port.ts"
import { daysOf, microsOf, plainDecimal } from "./texts.ts"
import type { ColumnDescription, WireColumn, WireInt64 } from "./wire.ts"

/** Thrift's columns as typed ones. Dates, timestamps and decimals travel as text, 64-bit integers as bytes. */
export const readColumns = (
  columns: readonly WireColumn[],
  descriptions: readonly ColumnDescription[],
  fields: readonly Field[],
): ColumnBatch => {
  const read = fields.map((field, index) => readColumn(columns[descriptions[index].position - 1], field))
  return { rows: read[0]?.values.length ?? 0, columns: read }
}

const readColumn = (wire: WireColumn | undefined, field: Field): Column => {
  const part =
    wire?.stringVal ??
    wire?.i32Val ??
    wire?.i64Val ??
    wire?.doubleVal ??
    wire?.boolVal ??
    wire?.i16Val ??
    wire?.byteVal
  if (!part) throw new RoadmapError("SQL_FAILED", `The warehouse sent nothing for column "${field.name}".`)
  const valid = validityOf(part.nulls, part.values.length)
  const values = convert(field, part.values, valid)
  return { ...field, values, ...(valid && { valid }) } as Column
}

/** Thrift marks nulls, the port marks values. */
const validityOf = (nulls: Buffer, rows: number): Uint8Array | undefined => {
  let valid: Uint8Array | undefined
  const marked = Math.min(rows, nulls.length * 8)
  for (let row = 0; row < marked; row++)
    if ((nulls[row >> 3] >> (row & 7)) & 1) {
      valid ??= new Uint8Array(rows).fill(1)
      valid[row] = 0
    }
  return valid
}

const convert = (
  field: Field,
  values: readonly unknown[],
  valid: Uint8Array | undefined,
): Column["values"] => {
  const isNull = (row: number) => valid?.[row] === 0
  const texts = values as readonly string[]
  const numbers = values as readonly number[]
  switch (field.type) {
    case "boolean":
      return Uint8Array.from(values as readonly boolean[], (value, row) => (value && !isNull(row) ? 1 : 0))
    case "int32":
      // A column of nothing but NULL comes as text.
      return Int32Array.from(numbers, (value, row) => (isNull(row) ? 0 : value))
    case "int64":
      return int64s(values as readonly WireInt64[], valid)
    case "float32":
      return Float32Array.from(numbers, (value, row) => (isNull(row) ? 0 : value))
    case "float64":
      return Float64Array.from(numbers, (value, row) => (isNull(row) ? 0 : value))
    case "decimal":
      return texts.map((text, row) => (isNull(row) ? "" : plainDecimal(text, field.scale ?? 0)))
    case "date":
      return Int32Array.from(texts, (text, row) => (isNull(row) ? 0 : daysOf(text)))
    case "timestamp":
      return BigInt64Array.from(texts, (text, row) => (isNull(row) ? 0n : microsOf(text)))
    case "string":
      return valid ? texts.map((text, row) => (isNull(row) ? "" : text)) : texts
  }
}

/** Byte by byte into one buffer, highest first: a BigInt a value would cost several times as much. */
const int64s = (values: readonly WireInt64[], valid: Uint8Array | undefined): BigInt64Array => {
  const bytes = Buffer.alloc(values.length * 8)
  for (let row = 0; row < values.length; row++)
    if (valid?.[row] !== 0)
      values[row].buffer.copy(bytes, row * 8, values[row].offset, values[row].offset + 8)
  bytes.swap64()
  return new BigInt64Array(bytes.buffer, bytes.byteOffset, values.length)
}
