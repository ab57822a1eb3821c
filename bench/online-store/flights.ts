import { defineEntity, defineFeatureView } from "@roadmap/feature-store/definitions"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"

/** A latest value without ttl, so that every fact is read; and windows. */
export const flightsView = defineFeatureView({
  name: "origin_delays",
  entity: defineEntity({ name: "airport", keys: { airport: "string" } }),
  source: {
    table: "main.flights",
    keys: { airport: "origin" },
    eventTime: "departed_at",
    knownTime: "known_at",
  },
  features: {
    last_delay: { column: "delay" },
    mean_delay_1d: { aggregate: "mean", column: "delay", window: "1d" },
    flights_7d: { aggregate: "count", window: "7d" },
  },
})

/** Number of flights. A flight is known 30 minutes after its landing: 450 miles an hour and its delay. */
export const loadFlights = async (engine: SqlEngine, file: string): Promise<number> => {
  await engine.query(`CREATE OR REPLACE TABLE flights AS SELECT origin, date AS departed_at, delay,
    date + to_minutes(CAST(30 + floor(distance / 7.5) + greatest(delay, 0) AS BIGINT)) AS known_at
    FROM '${file.replaceAll("'", "''")}' WHERE delay BETWEEN -120 AND 2000`)
  const [{ flights }] = rowsOf<{ flights: number }>(
    await engine.query("SELECT count(*) AS flights FROM flights WHERE known_at <= TIMESTAMP '2001-07-01'"),
  )
  return flights
}
