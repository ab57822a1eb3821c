import { type CategoryValues, collectColumns } from "@roadmap/warehouse/collect"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import { type Labels, labelsFrom } from "../labels.ts"
import type { CheckedPick } from "../sources.ts"
import { keySql } from "../sql/expressions.ts"
import { sqlWords } from "../sql/words.ts"
import type { Values } from "../values.ts"
import { orderByTime } from "./sort.ts"

export interface SweepOptions {
  /** Label columns to give back. */
  readonly columns: readonly string[]
  readonly asOf?: Date
  readonly signal?: AbortSignal
}

/** The labels in memory, in their order. */
export interface LabelTable {
  readonly rows: number
  readonly times: Float64Array
  readonly byTime: Int32Array
  readonly first: number
  readonly last: number
  readonly keys: ReadonlyMap<string, CategoryValues>
  readonly columns: Record<string, Values>
}

export const readLabels = async (
  engine: SqlEngine,
  picks: readonly CheckedPick[],
  labels: Labels,
  fields: readonly Field[],
  { columns, asOf, signal }: SweepOptions,
): Promise<LabelTable> => {
  const words = sqlWords(engine.dialect)
  const keys = [...new Set(picks.flatMap(({ pick }) => Object.values(pick.keys)))]
  const isText = (name: string) => fields.find(field => field.name === name)?.type === "string"
  const selected = [
    `${words.name(labels.timestamp)} AS t`,
    ...keys.map((name, index) => `${keySql(name, words)} AS k${index}`),
    ...columns.map((name, index) => `${words.name(name)} AS c${index}`),
  ]
  const order = labels.order?.length ? ` ORDER BY ${labels.order.map(words.name).join(", ")}` : ""
  const collected: Record<string, unknown> = await collectColumns(
    engine,
    `SELECT ${selected.join(", ")} FROM ${labelsFrom(labels, engine.dialect, asOf)}${order}`,
    {
      columns: {
        t: "float64",
        ...Object.fromEntries(keys.map((_, index) => [`k${index}`, "category"])),
        ...Object.fromEntries(
          columns.map((name, index) => [`c${index}`, isText(name) ? "category" : "float64"]),
        ),
      },
      signal,
    },
  )
  const times = collected.t as Float64Array
  const byTime = orderByTime(times)
  return {
    rows: times.length,
    times,
    byTime,
    first: byTime.length > 0 ? times[byTime[0]] : 0,
    last: byTime.length > 0 ? times[byTime[byTime.length - 1]] : 0,
    keys: new Map(keys.map((name, index) => [name, collected[`k${index}`] as CategoryValues])),
    columns: Object.fromEntries(columns.map((name, index) => [name, collected[`c${index}`] as Values])),
  }
}
