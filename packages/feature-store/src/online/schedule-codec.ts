import { RoadmapError } from "@roadmap/core/errors"
import type { FeatureValue, OnlineRows, OnlineView } from "./port.ts"
import type { PackedRows } from "./row-codec.ts"
import { valuesReader } from "./row-codec.ts"

/*
 * A stored row is a schedule of one or more packed values, little-endian:
 *   int64 event time, int64 created time, int64 valid until, uint32 number of entries,
 *   int64 valid from and uint32 end an entry (ends counted from the first packed value), the packed values.
 */
const headWidth = 28
const entryWidth = 12

/** No end: the greatest int64. */
const forever = 2n ** 63n - 1n

/** Schedules of a batch: entry i holds the rows from `starts[i]` to `starts[i + 1]`. */
export const scheduleStarts = (keys: readonly string[], rows: OnlineRows): Uint32Array => {
  const { eventTime, createdTime, validFrom } = rows
  const starts = new Uint32Array(keys.length + 1)
  let schedules = 0
  for (let row = 0; row < keys.length; row++) {
    const goesOn =
      validFrom !== undefined &&
      row > 0 &&
      keys[row] === keys[row - 1] &&
      eventTime[row] === eventTime[row - 1] &&
      createdTime?.[row] === createdTime?.[row - 1] &&
      validFrom[row] > validFrom[row - 1]
    if (!goesOn) starts[schedules++] = row
  }
  starts[schedules] = keys.length
  return starts.subarray(0, schedules + 1)
}

/** Puts the packed values of each schedule behind its head. */
export const packSchedules = (
  { bytes, ends }: PackedRows,
  rows: OnlineRows,
  starts: Uint32Array,
): PackedRows => {
  const schedules = starts.length - 1
  const buffer = Buffer.allocUnsafe(bytes.length + schedules * headWidth + rows.rows * entryWidth)
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
  const packed = new Uint32Array(schedules)
  let at = 0
  for (let schedule = 0; schedule < schedules; schedule++) {
    const from = starts[schedule]
    const to = starts[schedule + 1]
    const start = from === 0 ? 0 : ends[from - 1]
    view.setBigInt64(at, rows.eventTime[from], true)
    view.setBigInt64(at + 8, rows.createdTime ? rows.createdTime[from] : 0n, true)
    view.setBigInt64(at + 16, rows.validUntil ? rows.validUntil[from] : forever, true)
    view.setUint32(at + 24, to - from, true)
    at += headWidth
    for (let row = from; row < to; row++, at += entryWidth) {
      view.setBigInt64(at, rows.validFrom ? rows.validFrom[row] : rows.eventTime[row], true)
      view.setUint32(at + 8, ends[row] - start, true)
    }
    buffer.set(bytes.subarray(start, ends[to - 1]), at)
    at += ends[to - 1] - start
    packed[schedule] = at
  }
  return { bytes: buffer, ends: packed }
}

export interface StoredRow {
  eventTime: bigint
  validUntil: bigint
  /** Of the entry whose moment came last; undefined before the first one. */
  values: () => Record<string, FeatureValue> | undefined
}

/** Reads a stored row for a moment. Throws STATE_CORRUPT for one that was not written by this version of the view. */
export const scheduleReader = (view: OnlineView, positions: readonly number[]) => {
  const { lengthAt, valuesAt } = valuesReader(view, positions)
  const damaged = (row: Uint8Array) =>
    new RoadmapError(
      "STATE_CORRUPT",
      `A row of view "${view.name}" in the online store (${row.length} bytes) is damaged.`,
      {
        hint: "Drop the view and materialise it again.",
      },
    )
  return (row: Uint8Array, asOf: bigint): StoredRow => {
    if (row.length < headWidth) throw damaged(row)
    const data = new DataView(row.buffer, row.byteOffset, row.length)
    const entries = data.getUint32(24, true)
    const first = headWidth + entries * entryWidth
    const endOf = (entry: number) => data.getUint32(headWidth + entry * entryWidth + 8, true)
    if (entries === 0 || first > row.length || first + endOf(entries - 1) !== row.length) throw damaged(row)
    return {
      eventTime: data.getBigInt64(0, true),
      validUntil: data.getBigInt64(16, true),
      values() {
        const entry = lastEntry(data, entries, asOf)
        if (entry < 0) return undefined
        const start = entry === 0 ? 0 : endOf(entry - 1)
        const length = endOf(entry) - start
        if (lengthAt(data, first + start, length) !== length) throw damaged(row)
        return valuesAt(data, first + start)
      },
    }
  }
}

/** The last entry whose `valid from` is not after the moment; -1 when there is none. */
const lastEntry = (data: DataView, entries: number, asOf: bigint): number => {
  let low = 0
  let high = entries
  while (low < high) {
    const middle = (low + high) >> 1
    if (data.getBigInt64(headWidth + middle * entryWidth, true) <= asOf) low = middle + 1
    else high = middle
  }
  return low - 1
}
