import { RoadmapError } from "@roadmap/core/errors"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import type { ChosenModel } from "./models.ts"

/** Rows of a table, to be sent: columns by name, and an id that finds their scores again. */
export interface AskedRows {
  readonly ids: readonly number[]
  readonly columns: readonly string[]
  readonly data: readonly (readonly Cell[])[]
}

/** About `count` rows of the table, evenly spread and in the order of their ids. */
export const rowsToAsk = async (
  engine: SqlEngine,
  { table, columns, count }: { table: string; columns: readonly string[]; count: number },
): Promise<AskedRows> => {
  const [{ n }] = rowsOf<{ n: number }>(await engine.query(`SELECT count(*) AS n FROM ${table}`))
  const every = Math.max(1, Math.ceil(n / count))
  const rows = rowsOf(
    await engine.query(
      `SELECT flight_id, ${columns.join(", ")} FROM ${table} WHERE _row % ${every} = 0 ORDER BY flight_id`,
    ),
  )
  return {
    ids: rows.map(row => Number(row.flight_id)),
    columns,
    data: rows.map(row => columns.map(column => row[column])),
  }
}

/** The rows as bodies of requests in MLflow's form, so many rows each. */
export const bodiesOf = ({ columns, data }: AskedRows, rowsEach: number): string[] =>
  Array.from({ length: Math.ceil(data.length / rowsEach) }, (_, body) =>
    JSON.stringify({
      dataframe_split: { columns, data: data.slice(body * rowsEach, (body + 1) * rowsEach) },
    }),
  )

export const routes = {
  /** The caller sends all features. */
  features: ({ name }: Pick<ChosenModel, "name">) => `/models/${name}/invocations`,
  /** The caller sends keys and what only he knows; the server joins the rest. */
  keys: ({ name }: Pick<ChosenModel, "name">) => `/models/${name}/by-key`,
}

export interface Answer {
  predictions: Record<string, number>[]
  /** `flight-late/3`: which version answered. */
  servedBy: string
  features?: { status: string }[]
}

/** One request. Throws SERVICE_FAILED for an answer that is none, with what the server said. */
export const askServer = async (url: string, body: string, signal?: AbortSignal): Promise<Answer> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    ...(signal && { signal }),
  })
  const text = await response.text()
  if (!response.ok)
    throw new RoadmapError("SERVICE_FAILED", `${url} answered ${response.status}: ${text.slice(0, 300)}`)
  return { ...JSON.parse(text), servedBy: response.headers.get("x-served-model") ?? "" }
}
