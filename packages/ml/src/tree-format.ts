import { RoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"

/*
 * One file, little-endian:
 *   bytes 0-7    "ROADMODL"
 *   bytes 8-11   version of this layout
 *   bytes 12-15  length of the header
 *   bytes 16-47  SHA-256 of everything after byte 47
 *   then         the header: a JSON tree, each typed array replaced by its type, offset and length
 *   then         the arrays' raw bytes, each starting at a multiple of 16 after the header
 * JSON has no NaN, Infinity or -0: they are { "$number": "NaN" }. A key that begins with "$" is
 * written with one "$" more.
 */
const MAGIC = "ROADMODL"
const VERSION = 1
const PREAMBLE = 48
const ALIGNMENT = 16

type TypedArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array

const arrayTypes = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  BigInt64Array,
  BigUint64Array,
} as const

type ArrayType = keyof typeof arrayTypes

/** A tree of plain data: objects, arrays, strings, numbers, booleans, null and typed arrays. */
export const encodeTree = (tree: unknown): Uint8Array => {
  const arrays: { data: TypedArray; offset: number }[] = []
  let payloadLength = 0
  const toJson = (value: unknown, path: string): unknown => {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value
    if (typeof value === "number")
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? "-0" : String(value) }
    if (isTypedArray(value)) {
      const offset = payloadLength
      arrays.push({ data: value, offset })
      payloadLength = align(offset + value.byteLength)
      return { $array: [value.constructor.name, offset, value.length] }
    }
    if (Array.isArray(value)) return value.map((item, index) => toJson(item, `${path}[${index}]`))
    if (typeof value === "object" && isPlain(value))
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => [key.startsWith("$") ? `$${key}` : key, toJson(item, `${path}.${key}`)]),
      )
    throw new RoadmapError("INVALID_INPUT", `The value at "${path}" is not plain data and cannot be encoded.`)
  }
  const header = new TextEncoder().encode(JSON.stringify(toJson(tree, "model")))
  const start = align(PREAMBLE + header.length)
  const bytes = new Uint8Array(start + payloadLength)
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, VERSION, true)
  view.setUint32(12, header.length, true)
  bytes.set(header, PREAMBLE)
  for (const { data, offset } of arrays)
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + offset)
  bytes.set(Buffer.from(sha256(bytes.subarray(PREAMBLE)), "hex"), 16)
  return bytes
}

/** The tree that `encodeTree` was given, bit for bit. Throws MODEL_FORMAT for any other bytes. */
export const decodeTree = (bytes: Uint8Array): unknown => {
  if (bytes.length < PREAMBLE || !startsWithMagic(bytes))
    throw new RoadmapError("MODEL_FORMAT", `These ${bytes.length} bytes are not a model of this project.`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint32(8, true)
  if (version !== VERSION)
    throw new RoadmapError(
      "MODEL_FORMAT",
      `The model has format version ${version}; this code reads ${VERSION}.`,
      {
        hint: "Use the release that wrote the model, or fit it again.",
      },
    )
  if (sha256(bytes.subarray(PREAMBLE)) !== Buffer.from(bytes.subarray(16, PREAMBLE)).toString("hex"))
    throw new RoadmapError(
      "MODEL_FORMAT",
      "The model's bytes do not match their checksum: cut short or changed.",
      {
        hint: "Copy or download the model again.",
      },
    )
  const headerLength = view.getUint32(12, true)
  const start = align(PREAMBLE + headerLength)
  try {
    const header = bytes.subarray(PREAMBLE, PREAMBLE + headerLength)
    return fromJson(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header)), bytes, start)
  } catch (cause) {
    throw new RoadmapError("MODEL_FORMAT", "The model's header cannot be read.", { cause })
  }
}

const fromJson = (value: unknown, bytes: Uint8Array, start: number): unknown => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(item => fromJson(item, bytes, start))
  if ("$number" in value) return Number(value.$number)
  if ("$array" in value) return readArray(value.$array as [ArrayType, number, number], bytes, start)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.startsWith("$") ? key.slice(1) : key,
      fromJson(item, bytes, start),
    ]),
  )
}

const readArray = ([type, offset, length]: [ArrayType, number, number], bytes: Uint8Array, start: number) => {
  const Numbers = arrayTypes[type]
  const first = start + offset
  const end = first + length * Numbers.BYTES_PER_ELEMENT
  if (end > bytes.length) throw new RangeError(`${type} ends past the last byte`)
  return new Numbers(new Uint8Array(bytes.subarray(first, end)).buffer)
}

const align = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT

const startsWithMagic = (bytes: Uint8Array): boolean => {
  for (let i = 0; i < MAGIC.length; i++) if (bytes[i] !== MAGIC.charCodeAt(i)) return false
  return true
}

const isTypedArray = (value: unknown): value is TypedArray =>
  ArrayBuffer.isView(value) && value.constructor.name in arrayTypes

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
