import { deserialize, serialize } from "node:v8"
import { RoadmapError } from "@roadmap/core/errors"
import type { Column, ColumnBatch, Field } from "@roadmap/warehouse/port"
import type { CheckedView } from "../sources.ts"
import { latestColumns, latestSql, valueSql } from "../sql/expressions.ts"
import { isNumeric, type SqlWords } from "../sql/words.ts"
import { greatestValue } from "../window/state.ts"

/** Facts row by row, with what the features of a view need of them: the form in which pushed facts are kept. */
export interface FactRows {
  /** Texts of the key's parts, as the sweep compares them. */
  readonly keys: (readonly string[])[]
  readonly known: number[]
  readonly event: number[]
  /** NaN: not given. */
  readonly created: number[]
  /** By the column's number in `neededColumns`; numbers with NaN for null, or texts. */
  readonly values: (number[] | (string | null)[])[]
}

/** What a feature reads of a source's column: the SQL by which the sweep asks for it, and the same on a pushed value. */
export interface NeededColumn {
  readonly sql: string
  readonly field: Field
  readonly isText: boolean
  /** Of a value that is not null. */
  readonly convert: (value: Column["values"][number]) => number | string
}

export const neededColumns = ({ view, fields }: CheckedView, words: SqlWords): NeededColumn[] => {
  const needed = new Map<string, NeededColumn>()
  for (const feature of Object.values(view.features)) {
    if (feature.kind !== "window" || feature.column === undefined) continue
    const field = fields.get(feature.column)!
    const sql = valueSql(feature, fields, words)
    const isText = feature.aggregate === "distinct" && !isNumeric(field)
    const convert = isNumeric(field) ? toNumber : isText ? toText(view.name, field) : () => 1
    needed.set(sql, { sql, field, isText, convert })
  }
  for (const name of latestColumns(view)) {
    const field = fields.get(name)!
    const sql = latestSql(field, words)
    const isText = field.type === "string"
    needed.set(sql, { sql, field, isText, convert: isNumeric(field) ? toNumber : isText ? String : Number })
  }
  return [...needed.values()]
}

/** What counts of a number: `numberSql` on a value. */
const toNumber = (value: Column["values"][number]): number => {
  const number = Number(value)
  return Math.abs(number) <= greatestValue ? number : Number.NaN
}

/** `CAST … AS VARCHAR` on a value. Engines write timestamps in forms of their own. */
const toText = (view: string, field: Field) => {
  if (field.type === "string") return String
  if (field.type === "date") return dateText
  throw new RoadmapError(
    "INVALID_INPUT",
    `Facts cannot be pushed to view "${view}": it counts different values of "${field.name}", a ${field.type}.`,
    { hint: "Materialise the view, or count a text or a number instead." },
  )
}

const dateText = (days: unknown): string => new Date(Number(days) * 86_400_000).toISOString().slice(0, -14)

/** Rows of the source's columns as facts; rows without a key, an event or a known time are left out. Throws SCHEMA_MISMATCH. */
export const factRows = (
  checked: CheckedView,
  needed: readonly NeededColumn[],
  batch: ColumnBatch,
): FactRows => {
  const { view } = checked
  const { source, entity } = view
  const find = (name: string, fits: (column: Column) => boolean, wanted: string): Column => {
    const column = batch.columns.find(each => each.name === name)
    if (column && fits(column)) return column
    throw new RoadmapError(
      "SCHEMA_MISMATCH",
      column
        ? `Facts for view "${view.name}" bring "${name}" as ${column.type}, not ${wanted}.`
        : `Facts for view "${view.name}" do not bring "${name}".`,
      { hint: `Push rows with the columns of ${source.table}.` },
    )
  }
  const time = (name: string) => find(name, ({ type }) => type === "timestamp", "timestamp")
  const keys = Object.entries(source.keys).map(([key, name]) => {
    const type = entity.keys[key]
    return find(name, column => column.type === type || (/^int/.test(type) && /^int/.test(column.type)), type)
  })
  const [event, known] = [time(source.eventTime), time(source.knownTime)]
  const created = source.createdTime === undefined ? undefined : time(source.createdTime)
  const columns = needed.map(({ field }) => find(field.name, ({ type }) => type === field.type, field.type))

  const rows: FactRows = { keys: [], known: [], event: [], created: [], values: needed.map(() => []) }
  for (let row = 0; row < batch.rows; row++) {
    if ([event, known, ...keys].some(({ valid }) => valid?.[row] === 0)) continue
    rows.keys.push(keys.map(column => keyText(column, row)))
    rows.event.push(Number(event.values[row]))
    rows.known.push(Number(known.values[row]))
    rows.created.push(created && created.valid?.[row] !== 0 ? Number(created.values[row]) : Number.NaN)
    columns.forEach((column, index) => {
      const { isText, convert } = needed[index]
      const value = column.valid?.[row] === 0 ? (isText ? null : Number.NaN) : convert(column.values[row])
      ;(rows.values[index] as (typeof value)[]).push(value)
    })
  }
  return rows
}

/** The text that `CAST … AS VARCHAR` gives of a key's part. */
const keyText = ({ type, values }: Column, row: number): string => {
  if (type === "boolean") return values[row] ? "true" : "false"
  return type === "date" ? dateText(values[row]) : String(values[row])
}

/** Only some of the rows. */
export const filterRows = (rows: FactRows, keep: (row: number) => boolean): FactRows => {
  const chosen = rows.known.flatMap((_, row) => (keep(row) ? [row] : []))
  const pick = <T>(values: readonly T[]): T[] => chosen.map(row => values[row])
  return {
    keys: pick(rows.keys),
    known: pick(rows.known),
    event: pick(rows.event),
    created: pick(rows.created),
    values: rows.values.map(values => pick(values as number[])),
  }
}

interface Packed {
  format: 1
  columns: string[]
  rows: FactRows
}

/** For the store to keep. */
export const packFacts = (rows: FactRows, needed: readonly NeededColumn[]): Uint8Array =>
  serialize({ format: 1, columns: needed.map(({ field }) => field.name), rows } satisfies Packed)

/** Throws STATE_CORRUPT for what `packFacts` of this view did not make. */
export const unpackFacts = (bytes: Uint8Array, view: string, needed: readonly NeededColumn[]): FactRows => {
  const damaged = (cause?: unknown) =>
    new RoadmapError(
      "STATE_CORRUPT",
      `The pushed facts that the online store keeps for view "${view}" cannot be read.`,
      {
        hint: "Drop the view from the online store and materialise it again.",
        cause,
      },
    )
  let packed: Packed
  try {
    packed = deserialize(bytes) as Packed
  } catch (error) {
    throw damaged(error)
  }
  if (packed?.format !== 1 || packed.columns.join("\0") !== needed.map(({ field }) => field.name).join("\0"))
    throw damaged()
  return packed.rows
}
