import { defineEntity, defineFeatureView, type FeatureDefinition } from "@roadmap/feature-store/definitions"
import { defineFeatureService } from "@roadmap/feature-store/services"

/** Flights with the moment of landing: 30 minutes, a minute for 7.5 miles, and the delay, never early. */
export const flightsSql = (file: string) => `CREATE OR REPLACE TABLE gold.flights AS
  SELECT row_number() OVER () - 1 AS id, date AS departed_at, origin, destination, CAST(delay AS INTEGER) AS delay, delay >= 15 AS late,
    date + INTERVAL 30 MINUTE + to_seconds(CAST(distance * 8 AS BIGINT)) + to_minutes(CAST(greatest(delay, 0) AS BIGINT)) AS landed_at
  FROM (SELECT * FROM read_parquet('${file}') ORDER BY date, origin, destination, delay, distance)`

/** What an hour's landings say, known at its end: a feature table for the as-of join. */
export const hourlySql = `CREATE OR REPLACE TABLE gold.hourly AS
  SELECT origin, date_trunc('hour', landed_at) + INTERVAL 1 HOUR AS known_at, avg(delay) AS mean_delay, CAST(count(*) AS DOUBLE) AS flights
  FROM gold.flights GROUP BY 1, 2`

const source = { table: "gold.flights", eventTime: "departed_at", knownTime: "landed_at" }
const airport = defineEntity({ name: "airport", keys: { airport: "string" } })
const route = defineEntity({ name: "route", keys: { origin: "string", destination: "string" } })

const windows = (short: string, middle: string, long: string): Record<string, FeatureDefinition> => ({
  [`delay_mean_${short}`]: { aggregate: "mean", column: "delay", window: short },
  [`late_share_${middle}`]: { aggregate: "share", column: "late", window: middle },
  [`flights_${long}`]: { aggregate: "count", window: long },
})

const departures = defineFeatureView({
  name: "departures",
  entity: airport,
  source: { ...source, keys: { airport: "origin" } },
  features: windows("3h", "24h", "7d"),
})
const arrivals = defineFeatureView({
  name: "arrivals",
  entity: airport,
  source: { ...source, keys: { airport: "destination" } },
  features: windows("3h", "24h", "7d"),
})
const routes = defineFeatureView({
  name: "routes",
  entity: route,
  source,
  features: windows("24h", "7d", "28d"),
})

/** Twelve windowed features from four views: of the origin, of its arrivals, of the destination, of the route. */
export const windowed = defineFeatureService({
  name: "windowed",
  views: [
    { view: departures, prefix: "origin_", keys: { airport: "origin" } },
    { view: arrivals, prefix: "inbound_", keys: { airport: "origin" } },
    { view: arrivals, prefix: "destination_", keys: { airport: "destination" } },
    { view: routes, prefix: "route_" },
  ],
})

/** Two latest values of one view. */
export const latest = defineFeatureService({
  name: "latest",
  views: [
    {
      view: defineFeatureView({
        name: "hourly",
        entity: airport,
        source: {
          table: "gold.hourly",
          keys: { airport: "origin" },
          eventTime: "known_at",
          knownTime: "known_at",
        },
        features: { mean_delay: { column: "mean_delay" }, flights: { column: "flights" } },
      }),
      keys: { airport: "origin" },
    },
  ],
})
