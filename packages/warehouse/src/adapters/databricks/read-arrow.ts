/// <reference path="./apache-arrow.d.ts" />
import { RoadmapError } from "@roadmap/core/errors"
import type { Data } from "apache-arrow"
import type { Column, ColumnBatch, Field } from "../../port.ts"
import { daysOf, microsOf, plainDecimal } from "./texts.ts"

/** Reads Arrow IPC messages (one or more record batches each) that follow `schema`, without a value object. */
export const arrowReader = async (
  fields: readonly Field[],
  schema: Uint8Array | undefined,
): Promise<(message: Uint8Array) => ColumnBatch[]> => {
  if (!schema) throw new RoadmapError("SQL_FAILED", "The warehouse sent Arrow rows without their schema.")
  const { RecordBatchReader } = await import("apache-arrow")
  return message =>
    Array.from(RecordBatchReader.from([schema, message]), batch => ({
      rows: batch.numRows,
      columns: fields.map((field, index) => readColumn(batch.data.children[index], field, batch.numRows)),
    }))
}

const readColumn = (data: Data, field: Field, rows: number): Column => {
  const valid = validityOf(data, rows)
  return { ...field, values: convert(data, field, rows, valid), ...(valid && { valid }) } as Column
}

/** Arrow keeps one bit a row, lowest first, and none at all where there is no null. */
const validityOf = ({ nullBitmap, nullCount, type }: Data, rows: number): Uint8Array | undefined => {
  if (type.typeId === arrowType.null) return new Uint8Array(rows)
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return undefined
  return bitsOf(nullBitmap, rows)
}

const bitsOf = (bits: Uint8Array, rows: number): Uint8Array => {
  const bytes = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) bytes[row] = (bits[row >> 3] >> (row & 7)) & 1
  return bytes
}

/** Numbers of the Arrow format's types and units (https://arrow.apache.org/docs/format/Columnar.html, Schema.fbs). */
const arrowType = { null: 1, utf8: 5, decimal: 7 } as const
const unitsPerSecond = [1n, 1_000n, 1_000_000n, 1_000_000_000n] as const

const convert = (data: Data, field: Field, rows: number, valid: Uint8Array | undefined): Column["values"] => {
  const isNull = (row: number) => valid?.[row] === 0
  // Older runtimes send dates, timestamps and decimals as text.
  const texts = data.type.typeId === arrowType.utf8 ? textsOf(data, rows, isNull) : undefined
  const blank = data.type.typeId === arrowType.null
  const numbers = (blank ? [] : data.values) as unknown as ArrayLike<number>
  switch (field.type) {
    case "boolean":
      return bitsOf(data.values as Uint8Array, rows).map((bit, row) => (isNull(row) ? 0 : bit))
    case "int32":
      return Int32Array.from({ length: rows }, (_, row) => (isNull(row) ? 0 : numbers[row]))
    case "float32":
      return Float32Array.from({ length: rows }, (_, row) => (isNull(row) ? 0 : numbers[row]))
    case "float64":
      return Float64Array.from({ length: rows }, (_, row) => (isNull(row) ? 0 : numbers[row]))
    case "int64":
      return zeroNulls(int64sOf(data, rows), isNull)
    case "date":
      return Int32Array.from({ length: rows }, (_, row) =>
        isNull(row) ? 0 : texts ? daysOf(texts[row]) : numbers[row],
      )
    case "timestamp":
      if (texts) return BigInt64Array.from(texts, (text, row) => (isNull(row) ? 0n : microsOf(text)))
      return zeroNulls(inMicros(int64sOf(data, rows), data.type.unit ?? 2), isNull)
    case "decimal":
      if (texts) return texts.map((text, row) => (isNull(row) ? "" : plainDecimal(text, field.scale ?? 0)))
      return decimalsOf(data, rows, field.scale ?? 0, isNull)
    case "string":
      return texts ?? Array.from({ length: rows }, () => "")
  }
}

/** A copy, for the buffer may not be aligned to eight bytes and holds other columns too. */
const int64sOf = ({ values }: Data, rows: number): BigInt64Array => {
  const view = values as ArrayBufferView<ArrayBuffer>
  return new BigInt64Array(view.buffer.slice(view.byteOffset, view.byteOffset + rows * 8))
}

const zeroNulls = (values: BigInt64Array, isNull: (row: number) => boolean): BigInt64Array =>
  values.map((value, row) => (isNull(row) ? 0n : value))

const inMicros = (values: BigInt64Array, unit: number): BigInt64Array => {
  const perSecond = unitsPerSecond[unit]
  if (perSecond === 1_000_000n) return values
  if (perSecond < 1_000_000n) return values.map(value => value * (1_000_000n / perSecond))
  return values.map(value => (value - (((value % 1_000n) + 1_000n) % 1_000n)) / 1_000n)
}

const textsOf = (
  { valueOffsets, values }: Data,
  rows: number,
  isNull: (row: number) => boolean,
): string[] => {
  const bytes = values as Uint8Array
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: rows }, (_, row) =>
    isNull(row) ? "" : text.toString("utf8", valueOffsets[row], valueOffsets[row + 1]),
  )
}

/** 128-bit integers, lowest half first. */
const decimalsOf = (data: Data, rows: number, scale: number, isNull: (row: number) => boolean): string[] => {
  const halves = int64sOf(data, rows * 2)
  return Array.from({ length: rows }, (_, row) => {
    if (isNull(row)) return ""
    const scaled = (halves[2 * row + 1] << 64n) + BigInt.asUintN(64, halves[2 * row])
    const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, "0")
    const sign = scaled < 0n ? "-" : ""
    return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  })
}
