import type { Column } from "@roadmap/warehouse/port"
import type { KeyType } from "../definitions.ts"
import type { OnlineRows } from "../online/port.ts"
import { pickFeatures } from "../services.ts"
import type { CheckedView } from "../sources.ts"
import type { SqlWords } from "../sql/words.ts"
import type { FactTable } from "../sweep/facts.ts"
import { fillFeatures } from "../sweep/features.ts"
import { groupByKey, orderByTime } from "../sweep/sort.ts"
import { isNumbers, type Values } from "../values.ts"
import { changeMoments } from "./moments.ts"

/** Facts with one code a whole key, -1 for a null in it. */
export interface KeyedFacts {
  readonly table: FactTable
  readonly codes: Int32Array
  readonly size: number
  /** The texts of a key's parts, as the sweep compares them, from any fact of it. */
  keyTexts(row: number): readonly string[]
}

export interface ScheduleOptions {
  /** The moment for which values are computed; no fact known later may be among the facts. Microseconds. */
  readonly now: number
  /** How far ahead values are computed. */
  readonly horizon: number
  /** Orders rows of one moment: greater for a later writing. */
  readonly revision: number
  /** Which keys, by the last moment at which their values change. */
  readonly wanted: (lastChange: number) => boolean
  readonly words: SqlWords
}

/** Rows for the online store, and where the next whole key starts after each of them. */
export interface Schedules {
  readonly rows: OnlineRows
  /** Row numbers at which a key starts, ascending, and the number of rows. */
  readonly keyStarts: Int32Array
}

/**
 * The values of every key at `now` and at each moment up to the horizon at which they change, computed by the very sweep
 * that computes training sets: so a read at any moment between gives what a training set has for a label of that moment.
 */
export const scheduleRows = (
  checked: CheckedView,
  facts: KeyedFacts,
  options: ScheduleOptions,
): Schedules => {
  const { now, horizon, revision, wanted, words } = options
  const { view } = checked
  const { table } = facts
  const grouped = groupByKey(facts.codes, facts.size, table.known, table.byTime)
  const { times, starts, lastChange } = changeMoments(view, grouped, table, { now, horizon, wanted })
  const rows = times.length
  const keys = new Int32Array(rows)
  for (let key = 0; key < facts.size; key++) keys.fill(key, starts[key], starts[key + 1])
  const features: Record<string, Values> = {}
  const asked = { times, byTime: orderByTime(times), keys }
  const picks = [{ pick: pickFeatures(view), checked }]
  fillFeatures({ facts: table, grouped, asked, columns: new Map(), words }, picks, features)

  const until = new BigInt64Array(rows)
  const firstFacts = new Int32Array(rows)
  const keyStarts: number[] = []
  for (let key = 0; key < facts.size; key++) {
    const [from, to] = [starts[key], starts[key + 1]]
    if (from === to) continue
    keyStarts.push(from)
    until.fill(lastChange[key] <= now + horizon ? forever : BigInt(now + horizon), from, to)
    firstFacts.fill(grouped.rows[grouped.starts[key]], from, to)
  }
  return {
    rows: {
      rows,
      columns: [
        ...keyColumns(Object.entries(view.entity.keys), facts, firstFacts),
        ...Object.keys(view.features).map(name => valueColumn(name, features[name], rows)),
      ],
      eventTime: new BigInt64Array(rows).fill(BigInt(now)),
      createdTime: new BigInt64Array(rows).fill(BigInt(revision)),
      validFrom: BigInt64Array.from(times, BigInt),
      validUntil: until,
    },
    keyStarts: Int32Array.of(...keyStarts, rows),
  }
}

/** Without end: the greatest int64. */
const forever = 2n ** 63n - 1n

/** Rows `from` to `to` of a batch, without copying. */
export const sliceRows = (rows: OnlineRows, from: number, to: number): OnlineRows => ({
  rows: to - from,
  columns: rows.columns.map(
    column =>
      ({
        ...column,
        values: Array.isArray(column.values)
          ? column.values.slice(from, to)
          : (column.values as Float64Array).subarray(from, to),
        ...(column.valid && { valid: column.valid.subarray(from, to) }),
      }) as Column,
  ),
  eventTime: rows.eventTime.subarray(from, to),
  createdTime: rows.createdTime!.subarray(from, to),
  validFrom: rows.validFrom!.subarray(from, to),
  validUntil: rows.validUntil!.subarray(from, to),
})

const keyColumns = (
  keys: readonly (readonly [string, KeyType])[],
  facts: KeyedFacts,
  firstFacts: Int32Array,
): Column[] => {
  const texts = keys.map(() => new Array<string>(firstFacts.length))
  let fact = -1
  let parts: readonly string[] = []
  for (let row = 0; row < firstFacts.length; row++) {
    if (firstFacts[row] !== fact) {
      fact = firstFacts[row]
      parts = facts.keyTexts(fact)
    }
    for (let part = 0; part < keys.length; part++) texts[part][row] = parts[part]
  }
  return keys.map(([name, type], part) => keyColumn(name, type, texts[part]))
}

/** A key's values from their texts (`CAST … AS VARCHAR`). */
const keyColumn = (name: string, type: KeyType, texts: readonly string[]): Column => {
  switch (type) {
    case "string":
      return { name, type, values: texts }
    case "int32":
      return { name, type, values: Int32Array.from(texts, Number) }
    case "int64":
      return { name, type, values: BigInt64Array.from(texts, BigInt) }
    case "boolean":
      return { name, type, values: Uint8Array.from(texts, text => (text === "true" ? 1 : 0)) }
    case "date":
      return {
        name,
        type,
        values: Int32Array.from(texts, text => Date.parse(`${text}T00:00:00Z`) / 86_400_000),
      }
  }
}

const valueColumn = (name: string, values: Values, rows: number): Column => {
  const valid = new Uint8Array(rows)
  if (isNumbers(values)) {
    for (let row = 0; row < rows; row++) valid[row] = Number.isNaN(values[row]) ? 0 : 1
    return { name, type: "float64", values, valid }
  }
  const { codes, categories } = values
  const texts = Array.from(codes, (code, row) => {
    valid[row] = code < 0 ? 0 : 1
    return code < 0 ? "" : categories[code]
  })
  return { name, type: "string", values: texts, valid }
}
