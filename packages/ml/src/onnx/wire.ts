import { RoadmapError } from "@roadmap/core/errors"

/*
 * The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/): a message is a
 * sequence of fields, each a tag (number and wire type) and a value. ONNX files need three of the wire
 * types: varint (0), length-delimited (2) and 32-bit float (5); 64-bit (1) is read, never written.
 */

/** A field, or a whole message, as bytes. */
export type Bytes = Uint8Array

export const concat = (parts: readonly Bytes[]): Bytes => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Bytes of whole numbers, seven bits a byte, the lowest first. Negative numbers are 64-bit two's complement. */
const varints = (values: Iterable<number>): Bytes => {
  const bytes: number[] = []
  for (const value of values) {
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    bytes.push(Number(rest))
  }
  return Uint8Array.from(bytes)
}

const tag = (field: number, type: number): Bytes => varints([field * 8 + type])

export const intField = (field: number, value: number): Bytes => concat([tag(field, 0), varints([value])])

/** A nested message, raw bytes, or text in UTF-8. */
export const bytesField = (field: number, value: Bytes | string): Bytes => {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value
  return concat([tag(field, 2), varints([bytes.length]), bytes])
}

/** Repeated whole numbers, packed. */
export const intsField = (field: number, values: Iterable<number>): Bytes =>
  bytesField(field, varints(values))

/** A field as it was read: a whole number, or the bytes of anything else. */
export interface WireField {
  readonly field: number
  readonly value: bigint | Bytes
}

/** The fields of a message, in order. Throws MODEL_FORMAT when the bytes are no message. */
export const readFields = (bytes: Bytes): WireField[] => {
  const fields: WireField[] = []
  const cursor = { bytes, at: 0 }
  while (cursor.at < bytes.length) {
    const [field, type] = splitTag(readVarint(cursor))
    if (type === 0) fields.push({ field, value: readVarint(cursor) })
    else if (type === 2) fields.push({ field, value: take(cursor, Number(readVarint(cursor))) })
    else if (type === 5) fields.push({ field, value: take(cursor, 4) })
    else if (type === 1) fields.push({ field, value: take(cursor, 8) })
    else throw malformed(`wire type ${type} at byte ${cursor.at}`)
  }
  return fields
}

/** Whole numbers that are packed one after the other. */
export const readVarints = (bytes: Bytes): bigint[] => {
  const values: bigint[] = []
  const cursor = { bytes, at: 0 }
  while (cursor.at < bytes.length) values.push(readVarint(cursor))
  return values
}

interface Cursor {
  readonly bytes: Bytes
  at: number
}

const readVarint = (cursor: Cursor): bigint => {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (cursor.at >= cursor.bytes.length) throw malformed("they end inside a number")
    const byte = cursor.bytes[cursor.at++]
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return BigInt.asIntN(64, value)
  }
  throw malformed(`a number of more than 64 bits at byte ${cursor.at}`)
}

const splitTag = (value: bigint): [field: number, type: number] => {
  const field = Number(value >> 3n)
  if (field < 1) throw malformed(`field number ${field}`)
  return [field, Number(value & 7n)]
}

const take = (cursor: Cursor, length: number): Bytes => {
  const end = cursor.at + length
  if (length < 0 || end > cursor.bytes.length) throw malformed("they end inside a field")
  const part = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return part
}

const malformed = (what: string) =>
  new RoadmapError("MODEL_FORMAT", `The bytes are not an ONNX model: ${what}.`, {
    hint: "Copy or download the model again.",
  })
