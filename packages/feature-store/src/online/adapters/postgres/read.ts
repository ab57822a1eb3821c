import type pg from "pg"
import type { PostgresView } from "./views.ts"

interface Asked {
  view: PostgresView
  keys: readonly (string | null)[]
}

type Values = (Buffer | undefined)[]

/**
 * One prepared statement for all requests, whose text depends on the views alone, so that the server plans it once: one
 * index look-up a key. A single key a view, the usual case of serving, gives one row of scalar subqueries.
 */
export const readStatement = (
  schema: string,
  asked: readonly Asked[],
): { statement?: pg.QueryArrayConfig; valuesOf: (rows: unknown[][]) => Values[] } => {
  const wanted = asked.flatMap(({ keys }, request) => (keys.length === 0 ? [] : [request]))
  const table = (request: number) => `${schema}.rows_${asked[request].view.number}`
  const empty = () => asked.map(({ keys }) => new Array<Buffer | undefined>(keys.length))
  if (wanted.length === 0) return { valuesOf: empty }
  const numbers = wanted.map(request => asked[request].view.number).join("_")

  if (wanted.every(request => asked[request].keys.length === 1))
    return {
      statement: {
        name: `read_one_${numbers}`,
        text: `select ${wanted.map((request, i) => `(select value from ${table(request)} where key = $${i + 1})`).join(", ")}`,
        values: wanted.map(request => asked[request].keys[0]),
        rowMode: "array",
      },
      valuesOf([row]) {
        const values = empty()
        wanted.forEach((request, i) => {
          values[request][0] = (row[i] as Buffer | null) ?? undefined
        })
        return values
      },
    }
  return {
    statement: {
      name: `read_many_${numbers}`,
      text: wanted
        .map(
          (request, i) =>
            `select ${request}, k.place::int4, t.value
             from unnest($${i + 1}::text[]) with ordinality as k (key, place) join ${table(request)} t on t.key = k.key`,
        )
        .join(" union all "),
      values: wanted.map(request => [...asked[request].keys]),
      rowMode: "array",
    },
    valuesOf(rows) {
      const values = empty()
      for (const [request, place, value] of rows as [number, number, Buffer][])
        values[request][place - 1] = value
      return values
    },
  }
}
