import { join } from "node:path"
import {
  defineEntity,
  defineFeatureView,
  type FeatureView,
} from "../../../packages/feature-store/src/definitions.ts"
import { materialize } from "../../../packages/feature-store/src/materialize/materialize.ts"
import { openPusher } from "../../../packages/feature-store/src/materialize/push.ts"
import type { FeatureRow, OnlineStore } from "../../../packages/feature-store/src/online/port.ts"
import { pointInTimeJoin } from "../../../packages/feature-store/src/point-in-time-join.ts"
import { pickFeatures } from "../../../packages/feature-store/src/services.ts"
import { answerAt } from "../../../packages/feature-store/testing/cases.ts"
import type { SqlEngine } from "../../../packages/warehouse/src/port.ts"

const flightsFile = join(
  import.meta.dirname,
  "../../../bench/node_modules/vega-datasets/data/flights-3m.parquet",
)

const source = {
  table: "main.flights",
  eventTime: "departed_at",
  knownTime: "known_at",
}
const airport = defineEntity({ name: "airport", keys: { airport: "string" } })
const route = defineEntity({ name: "route", keys: { origin: "string", destination: "string" } })
const windows = { mean: "mean_delay", share: "share_late" } as const

const byAirport = (name: string, column: string): FeatureView =>
  defineFeatureView({
    name,
    entity: airport,
    source: { ...source, keys: { airport: column } },
    features: {
      [`${name}_flights_1h`]: { aggregate: "count", window: "1h" },
      [`${name}_${windows.mean}_1h`]: { aggregate: "mean", column: "delay", window: "1h" },
      [`${name}_${windows.mean}_7d`]: { aggregate: "mean", column: "delay", window: "7d" },
      [`${name}_${windows.share}_1d`]: { aggregate: "share", column: "late", window: "1d" },
      [`${name}_worst_1d`]: { aggregate: "max", column: "delay", window: "1d", tumbling: true },
    },
  })
const byRoute = defineFeatureView({
  name: "route",
  entity: route,
  source,
  features: {
    route_mean_delay_28d: { aggregate: "mean", column: "delay", window: "28d" },
    route_last_delay: { aggregate: "last", column: "delay", window: "7d" },
  },
})
const views = [byAirport("from", "origin"), byAirport("into", "destination"), byRoute]
const keysOfFlight = [["origin"], ["destination"], ["origin", "destination"]]

interface Replay {
  hours: number
  flightsEachHour: number
  seed: number
}

const hour = 3_600_000_000n

/**
 * Random flights of random hours in the order of their departure. Each hour is materialised to its start; then what becomes
 * known between two flights is pushed, and each flight's features are read at its departure. Every value must be the one
 * that the point-in-time join gives for the flight, bit by bit.
 */
export const replayFlights = async (
  engine: SqlEngine,
  stores: readonly OnlineStore[],
  { hours, flightsEachHour, seed }: Replay,
): Promise<{ flights: number; values: number }> => {
  await engine.query(`CREATE OR REPLACE TABLE flights AS SELECT origin, destination, date AS departed_at, delay, delay >= 15 AS late,
      date + to_minutes(CAST(30 + floor(distance / 7.5) + greatest(delay, 0) AS BIGINT)) AS known_at
    FROM '${flightsFile}' WHERE delay BETWEEN -120 AND 2000`)
  await engine.query(`CREATE OR REPLACE TABLE asked AS
    WITH picked AS (SELECT *, date_trunc('hour', departed_at) AS hour, hash(rowid, ${seed}) AS pick FROM flights),
      busy AS (SELECT hour FROM picked WHERE hour >= '2001-02-01' GROUP BY hour HAVING count(*) >= ${flightsEachHour}
        ORDER BY hash(hour, ${seed}) LIMIT ${hours})
    SELECT row_number() OVER (ORDER BY departed_at, pick) AS place, origin, destination, departed_at, hour
    FROM picked JOIN busy USING (hour)
    QUALIFY row_number() OVER (PARTITION BY hour ORDER BY pick) <= ${flightsEachHour}`)
  const labels = { from: "main.asked", timestamp: "departed_at", order: ["place"], columns: ["place"] }
  const picks = views.map((view, i) =>
    pickFeatures({
      view,
      keys: Object.fromEntries(
        Object.keys(view.entity.keys).map((key, part) => [key, keysOfFlight[i][part]]),
      ),
    }),
  )
  const offline = await pointInTimeJoin(engine, picks, labels)
  const flights = await engine.query(
    "SELECT origin, destination, epoch_us(departed_at) AS at, epoch_us(hour) AS start FROM asked ORDER BY place",
  )
  const [origin, destination] = flights.columns.map(({ values }) => values as readonly string[])
  const [, , at, start] = flights.columns.map(({ values }) => values as BigInt64Array)
  const text = { origin, destination }

  let values = 0
  for (const store of stores) {
    let row = 0
    while (row < flights.rows) {
      const now = start[row]
      let pushedTo = now
      for (const view of views) await materialize(engine, store, view, { to: new Date(Number(now) / 1_000) })
      const pushers = await Promise.all(views.map(view => openPusher(engine, store, view)))
      const news = await engine.query(
        `SELECT origin, destination, departed_at, known_at, delay, late FROM flights
         WHERE known_at > make_timestamp(${now}) AND known_at <= make_timestamp(${now + hour}) ORDER BY known_at`,
      )
      const known = news.columns[3].values as BigInt64Array
      let next = 0
      for (; row < flights.rows && start[row] === now; row++) {
        if (at[row] > pushedTo) {
          const from = next
          while (next < news.rows && known[next] <= at[row]) next++
          const batch = sliceOf(news, from, next)
          if (next > from) for (const pusher of pushers) await pusher.push(batch)
          pushedTo = at[row]
        }
        const read = await store.readViews(
          views.map((view, i) => ({
            view: view.name,
            version: view.version,
            keys: [keysOfFlight[i].map(column => text[column as "origin"][row])],
          })),
          { asOf: at[row] },
        )
        values += compare(read, offline.features, row)
      }
    }
  }
  return { flights: flights.rows, values }
}

const sliceOf = ({ columns }: Awaited<ReturnType<SqlEngine["query"]>>, from: number, to: number) => ({
  rows: to - from,
  columns: columns.map(column => ({
    ...column,
    values: column.values.slice(from, to),
    ...(column.valid && { valid: column.valid.slice(from, to) }),
  })) as typeof columns,
})

const compare = (
  read: readonly FeatureRow[][],
  offline: Awaited<ReturnType<typeof pointInTimeJoin>>["features"],
  row: number,
): number => {
  const online = Object.assign({}, ...read.map(([{ values }]) => values))
  const names = Object.keys(online)
  for (const name of names) {
    const expected = answerAt(offline[name], row)
    if (!Object.is(online[name], expected))
      throw new Error(
        `${name} of flight ${row}: ${online[name]} online (${JSON.stringify(read.map(([{ status }]) => status))}), ${expected} offline.`,
      )
  }
  return names.length
}
