import { type CategoryValues, collectColumns } from "@roadmap/warehouse/collect"
import type { SqlEngine } from "@roadmap/warehouse/port"
import type { CheckedView } from "../sources.ts"
import { keySql, latestColumns, latestSql, valueSql } from "../sql/expressions.ts"
import { isNumeric, sqlWords } from "../sql/words.ts"
import type { Values } from "../values.ts"
import { orderByTime } from "./sort.ts"

/** The facts of one source in memory, columns by the SQL they were read with. */
export interface FactTable {
  readonly known: Float64Array
  readonly byTime: Int32Array
  /** Read when something needs them for ties or ttl. */
  readonly event?: Float64Array
  readonly created?: Float64Array
  column(sql: string): Values
  text(sql: string): CategoryValues
}

/** Moments of the labels between which facts matter. */
export interface LabelSpan {
  readonly first: number
  readonly last: number
}

/** Views that read the same rows by the same clock; their source is read once. */
export const sourceKey = ({ from, where, view: { source } }: CheckedView): string =>
  JSON.stringify([from, where, source.knownTime, source.eventTime, source.createdTime ?? null])

/** Reads what the views need of their common source, and no row that no label can see. */
export const readFacts = async (
  engine: SqlEngine,
  views: readonly CheckedView[],
  span: LabelSpan,
  signal?: AbortSignal,
): Promise<FactTable> => {
  const words = sqlWords(engine.dialect)
  const [{ from, where, view }] = views
  const { source } = view
  const wanted = new Map<string, "category" | "float64">()
  let ties = false
  let earliest = span.first
  for (const checked of views) {
    for (const column of Object.values(checked.view.source.keys))
      wanted.set(keySql(column, words), "category")
    for (const feature of Object.values(checked.view.features)) {
      if (feature.kind === "latest") {
        ties = true
        earliest = Number.NEGATIVE_INFINITY
      } else {
        if (feature.aggregate === "last") ties = true
        // A tumbling window may end nearly one window before the label.
        earliest = Math.min(earliest, span.first - feature.window * (feature.shape === "tumbling" ? 2 : 1))
        if (feature.column === undefined) continue
        const field = checked.fields.get(feature.column)!
        const isText = feature.aggregate === "distinct" && !isNumeric(field)
        wanted.set(valueSql(feature, checked.fields, words), isText ? "category" : "float64")
      }
    }
    for (const name of latestColumns(checked.view)) {
      const field = checked.fields.get(name)!
      wanted.set(latestSql(field, words), field.type === "string" ? "category" : "float64")
    }
  }
  const known = words.name(source.knownTime)
  const event = words.name(source.eventTime)
  const created = source.createdTime === undefined ? undefined : words.name(source.createdTime)
  for (const time of [known, ...(ties ? [event, ...(created ? [created] : [])] : [])])
    wanted.set(time, "float64")
  const expressions = [...wanted.keys()]
  const conditions = [where, `${known} <= ${words.moment(span.last)}`]
  if (Number.isFinite(earliest)) conditions.push(`${known} > ${words.moment(earliest)}`)
  const collected = await collectColumns(
    engine,
    `SELECT ${expressions.map((expression, index) => `${expression} AS c${index}`).join(", ")}
     FROM ${from} WHERE ${conditions.join(" AND ")}`,
    {
      columns: Object.fromEntries(
        expressions.map((expression, index) => [`c${index}`, wanted.get(expression)!]),
      ),
      signal,
    },
  )
  const column = (sql: string) => collected[`c${expressions.indexOf(sql)}`] as Values
  const times = column(known) as Float64Array
  return {
    known: times,
    byTime: orderByTime(times),
    ...(ties && {
      event: column(event) as Float64Array,
      ...(created && { created: column(created) as Float64Array }),
    }),
    column,
    text: sql => column(sql) as CategoryValues,
  }
}
