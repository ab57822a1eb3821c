import { tableHas } from "@roadmap/lab-2026-02-foundations/tables"
import { defineStep } from "@roadmap/labkit/lab"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { utcSql, writeClocks } from "./clocks.ts"
import { createdAt, departureKnownAt, factsTable, knownAt } from "./contract.ts"

/** February's flights with their times in UTC and with when each fact could be known. */
export const knowFacts = defineStep({
  id: "facts",
  title: "When was what known? Flights with known times, in UTC",
  intact: async ({ config }, result: { rows: number }) => tableHas(config, factsTable, result.rows),
  async run({ config, signal, progress }) {
    await using engine = await openWarehouse(config)
    progress({ label: "airports' clocks", done: 0, total: 2, unit: "tables" })
    const airports = await writeClocks(engine, signal)
    progress({ label: factsTable, done: 1, total: 2, unit: "tables" })
    await engine.query(
      `CREATE OR REPLACE TABLE ${factsTable} AS
       WITH timed AS (
         SELECT flight_id, date, day, split, origin, destination, distance, delay, late, late = 1 AS is_late, hour, weekday, minute_of_day,
           'US' AS network, ${utcSql("date", "clock")} AS departed_at
         FROM gold.flights JOIN gold.airport_clocks clock ON clock.airport = origin
       ),
       known AS (SELECT *, ${knownAt} AS known_at, ${departureKnownAt} AS departure_known_at FROM timed)
       SELECT *, ${createdAt} AS created_at FROM known ORDER BY date, flight_id`,
      [],
      { signal },
    )
    const [summary] = rowsOf<{ rows: number; early: number; minutes: number; longest: number }>(
      await engine.query(
        `SELECT count(*) AS rows, count(*) FILTER (WHERE known_at < departed_at) AS early,
           median(date_diff('minute', departed_at, known_at)) AS minutes,
           max(date_diff('hour', departed_at, known_at)) AS longest
         FROM ${factsTable}`,
      ),
    )
    return { ...summary, airports, artifacts: { [`table/${factsTable}`]: factsTable } }
  },
})
