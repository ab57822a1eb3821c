import { keyCodec } from "./key-codec.ts"
import { newestRows } from "./newest.ts"
import type { EntityKey, FeatureRow, OnlineRows, OnlineView } from "./port.ts"
import { packRows } from "./row-codec.ts"
import { packSchedules, scheduleReader, scheduleStarts } from "./schedule-codec.ts"
import { alignRows, featurePositions } from "./schema.ts"

/** What both adapters store, each key once, with its newest row of the batch; in ascending order of key. */
export interface EncodedRows {
  readonly rows: number
  key(i: number): string
  eventTime(i: number): bigint
  createdTime(i: number): bigint
  /** The packed row. */
  value(i: number): Uint8Array
}

/** Everything that depends on a view's schema alone, made once for a view. */
export interface ViewCodec {
  readonly view: OnlineView
  /** Throws what `OnlineStore.write` says of its rows. */
  encode(rows: OnlineRows): EncodedRows
  encodeKey(key: EntityKey): string | null
  /** How a stored row becomes an answer; kept for each choice of features. */
  reader(features?: readonly string[]): ReadRow
}

/** `key` is null when a part of it is; `stored` is the packed row, undefined when there is none. */
export type ReadRow = (key: string | null, stored: Uint8Array | undefined, asOf: bigint) => FeatureRow

export const viewCodec = (view: OnlineView): ViewCodec => {
  const { encode: encodeKey, encodeColumns } = keyCodec(view)
  const readers = new Map<string, ReadRow>()
  return {
    view,
    encode(rows) {
      const { keys: keyColumns, features } = alignRows(view, rows)
      const keys = encodeColumns(keyColumns, rows.rows)
      const starts = scheduleStarts(keys, rows)
      const chosen = newestRows(keys, starts, rows.eventTime, rows.createdTime)
      const { bytes, ends } = packSchedules(packRows(view, features, rows.rows), rows, starts)
      return {
        rows: chosen.length,
        key: i => keys[starts[chosen[i]]],
        eventTime: i => rows.eventTime[starts[chosen[i]]],
        createdTime: i => rows.createdTime?.[starts[chosen[i]]] ?? 0n,
        value: i => bytes.subarray(chosen[i] === 0 ? 0 : ends[chosen[i] - 1], ends[chosen[i]]),
      }
    },
    encodeKey,
    reader(features) {
      const choice = features ? JSON.stringify(features) : ""
      let reader = readers.get(choice)
      if (!reader) {
        reader = rowAnswer(view, featurePositions(view, features))
        // A caller that asks for ever other choices must not fill the memory.
        if (readers.size >= 64) readers.clear()
        readers.set(choice, reader)
      }
      return reader
    },
  }
}

const rowAnswer = (view: OnlineView, positions: readonly number[]): ReadRow => {
  const read = scheduleReader(view, positions)
  const names = positions.map(position => view.features[position].name)
  const nulls = Object.freeze(Object.fromEntries(names.map(name => [name, null])))
  const absent = Object.freeze(
    Object.fromEntries(names.map(name => [name, view.whenMissing?.[name] ?? null])),
  )
  const ttl = view.ttlMicros === undefined ? undefined : BigInt(view.ttlMicros)
  return (key, stored, asOf) => {
    if (!stored) return { status: "missing", values: key === null ? nulls : absent }
    const { eventTime, validUntil, values } = read(stored, asOf)
    const found = eventTime > asOf ? undefined : values()
    if (!found) return { status: "missing", values: nulls }
    if (asOf > validUntil || (ttl !== undefined && asOf - eventTime > ttl))
      return { status: "expired", eventTime, values: nulls }
    return { status: "present", eventTime, values: found }
  }
}
