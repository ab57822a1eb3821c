import type { Column, ColumnType, Field } from "@roadmap/warehouse/port"
import type { FeatureValue, OnlineView } from "./port.ts"

/**
 * The values of one row, packed, little-endian: a bit a feature that is set where the feature is null, a slot of fixed
 * width a feature, then the bytes of its texts. The slot of a text holds where the text ends, counted from the first
 * one. So a feature is found without reading those before it.
 */
export interface PackedRows {
  readonly bytes: Uint8Array
  /** Row i lies from `ends[i - 1]` (0 for the first) to `ends[i]`. */
  readonly ends: Uint32Array
}

const slotWidth: Record<ColumnType, number> = {
  boolean: 1,
  int32: 4,
  float32: 4,
  date: 4,
  int64: 8,
  float64: 8,
  timestamp: 8,
  decimal: 4,
  string: 4,
}
const isText = ({ type }: Field): boolean => type === "string" || type === "decimal"

interface Layout {
  /** Start of each feature's slot. */
  readonly slots: readonly number[]
  /** Where the texts start: the length of a row without text. */
  readonly fixed: number
  /** Position of the last text feature, -1 without one. */
  readonly lastText: number
}

const layoutOf = (features: readonly Field[]): Layout => {
  let end = Math.ceil(features.length / 8)
  const slots = features.map(({ type }) => {
    end += slotWidth[type]
    return end - slotWidth[type]
  })
  return { slots, fixed: end, lastText: features.findLastIndex(isText) }
}

/** Packs whole columns, given in the view's order of features. */
export const packRows = ({ features }: OnlineView, columns: readonly Column[], rows: number): PackedRows => {
  const { slots, fixed } = layoutOf(features)
  const ends = textEnds(columns, rows)
  for (let row = 0; row < rows; row++) ends[row] += fixed * (row + 1)
  const buffer = Buffer.alloc(rows === 0 ? 0 : ends[rows - 1])
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  columns.forEach((column, i) => {
    if (!isText(column)) packNumbers(view, column, slots[i], ends)
    if (column.valid) packNulls(buffer, column.valid, i >> 3, 1 << (i & 7), ends)
  })
  packTexts(buffer, view, columns, { slots, fixed, ends })
  return { bytes: buffer, ends }
}

/** Bytes of text up to and with each row. */
const textEnds = (columns: readonly Column[], rows: number): Uint32Array => {
  const ends = new Uint32Array(rows)
  const texts = columns.filter(isText)
  let end = 0
  for (let row = 0; row < rows; row++) {
    for (const { values, valid } of texts)
      if (valid?.[row] !== 0) end += Buffer.byteLength(values[row] as string)
    ends[row] = end
  }
  return ends
}

const packNumbers = (
  view: DataView,
  { type, values, valid }: Column,
  slot: number,
  ends: Uint32Array,
): void => {
  const rows = values.length
  for (let row = 0, at = slot; row < rows; at = slot + ends[row++]) {
    if (valid?.[row] === 0) continue
    switch (type) {
      case "int64":
      case "timestamp":
        view.setBigInt64(at, (values as BigInt64Array)[row], true)
        break
      case "float64":
        view.setFloat64(at, (values as Float64Array)[row], true)
        break
      case "float32":
        view.setFloat32(at, (values as Float32Array)[row], true)
        break
      case "boolean":
        view.setUint8(at, (values as Uint8Array)[row])
        break
      default:
        view.setInt32(at, (values as Int32Array)[row], true)
    }
  }
}

const packNulls = (buffer: Buffer, valid: Uint8Array, byte: number, bit: number, ends: Uint32Array): void => {
  for (let row = 0, at = byte; row < valid.length; at = byte + ends[row++])
    if (valid[row] === 0) buffer[at] |= bit
}

const packTexts = (
  buffer: Buffer,
  view: DataView,
  columns: readonly Column[],
  { slots, fixed, ends }: { slots: readonly number[]; fixed: number; ends: Uint32Array },
): void => {
  const texts = columns
    .map((column, i) => ({ column, slot: slots[i] }))
    .filter(({ column }) => isText(column))
  if (texts.length === 0) return
  for (let row = 0, at = 0; row < ends.length; at = ends[row++]) {
    let end = 0
    for (const { column, slot } of texts) {
      if (column.valid?.[row] !== 0) end += buffer.write(column.values[row] as string, at + fixed + end)
      view.setUint32(at + slot, end, true)
    }
  }
}

/** Reads the packed values that start at `at`; made once for a view and a choice of features. */
export interface ValuesReader {
  /** The length that the values say they have; more than `available` when they are cut. */
  lengthAt(view: DataView, at: number, available: number): number
  /** By name, in the order of the choice. */
  valuesAt(view: DataView, at: number): Record<string, FeatureValue>
}

export const valuesReader = ({ features }: OnlineView, positions: readonly number[]): ValuesReader => {
  const { slots, fixed, lastText } = layoutOf(features)
  const previousText = (position: number) =>
    features.findLastIndex((field, i) => i < position && isText(field))
  const readers = positions.map(position => ({
    name: features[position].name,
    byte: position >> 3,
    bit: 1 << (position & 7),
    read: isText(features[position])
      ? textReader(slots[position], slots[previousText(position)], fixed)
      : numberReader[features[position].type as NumberType](slots[position]),
  }))
  return {
    lengthAt: (view, at, available) =>
      available < fixed || lastText === -1 ? fixed : fixed + view.getUint32(at + slots[lastText], true),
    valuesAt(view, at) {
      const values: Record<string, FeatureValue> = {}
      for (const { name, byte, bit, read } of readers)
        values[name] = (view.getUint8(at + byte) & bit) === 0 ? read(view, at) : null
      return values
    },
  }
}

type NumberType = Exclude<ColumnType, "string" | "decimal">
type ReadValue = (view: DataView, at: number) => FeatureValue

const bigIntReader =
  (slot: number): ReadValue =>
  (view, at) =>
    view.getBigInt64(at + slot, true)
const int32Reader =
  (slot: number): ReadValue =>
  (view, at) =>
    view.getInt32(at + slot, true)

const numberReader: Record<NumberType, (slot: number) => ReadValue> = {
  boolean: slot => (view, at) => view.getUint8(at + slot) !== 0,
  int32: int32Reader,
  date: int32Reader,
  int64: bigIntReader,
  timestamp: bigIntReader,
  float32: slot => (view, at) => view.getFloat32(at + slot, true),
  float64: slot => (view, at) => view.getFloat64(at + slot, true),
}

const textReader =
  (slot: number, previous: number | undefined, fixed: number): ReadValue =>
  (view, at) => {
    const from = previous === undefined ? 0 : view.getUint32(at + previous, true)
    const to = view.getUint32(at + slot, true)
    return Buffer.from(view.buffer, view.byteOffset + at + fixed + from, to - from).toString()
  }
