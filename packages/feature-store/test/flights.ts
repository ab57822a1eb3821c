import type { SqlEngine } from "@roadmap/warehouse/port"
import { defineEntity, defineFeatureView } from "../src/definitions.ts"

/** Facts from rows such as "SFO 08:00 09:30 20": origin, departure, landing (known), delay; a date before the times is 2001-01-01. */
export const loadFlights = async (
  engine: SqlEngine,
  rows: readonly string[],
  table = "gold.flights",
): Promise<void> => {
  const values = rows.map((row, index) => {
    const [origin, departed, known, delay, written = "2001-01-01"] = row.split(" ")
    const quoted = (text: string, type: string) => (text === "-" ? "NULL" : `CAST('${text}' AS ${type})`)
    return `(${index}, ${quoted(origin, "VARCHAR")}, ${quoted(moment(departed), "TIMESTAMP")}, ${quoted(moment(known), "TIMESTAMP")}, ${delay === "-" ? "NULL" : delay}, TIMESTAMP '${written} 00:00:00')`
  })
  await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
  await engine.query(
    `CREATE OR REPLACE TABLE ${table} AS SELECT id, origin, departed_at, known_at, CAST(delay AS INTEGER) AS delay, CAST(delay AS INTEGER) >= 15 AS late, written_at
     FROM (VALUES ${values.join(", ")}) AS t (id, origin, departed_at, known_at, delay, written_at)`,
  )
}

const moment = (time: string): string =>
  time === "-" ? time : time.includes("T") ? time.replace("T", " ") : `2001-01-01 ${time}`

export const airport = defineEntity({ name: "airport", keys: { origin: "string" } })
export const source = { table: "gold.flights", eventTime: "departed_at", knownTime: "known_at" }

export const originDelay = defineFeatureView({
  name: "origin_delay",
  entity: airport,
  source,
  features: {
    delay_mean_3h: { aggregate: "mean", column: "delay", window: "3h" },
    flights_3h: { aggregate: "count", window: "3h" },
  },
})
