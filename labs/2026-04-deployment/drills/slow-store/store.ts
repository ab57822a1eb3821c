import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { sleep } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { micros } from "@roadmap/feature-store/durations"
import { materialize } from "@roadmap/feature-store/materialize/materialize"
import { defineOnDemandView } from "@roadmap/feature-store/on-demand"
import { openOnlineStore } from "@roadmap/feature-store/online/open"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import { defineFeatureService } from "@roadmap/feature-store/services"
import { trainingSet } from "@roadmap/feature-store/training-set"
import { flightsFile } from "@roadmap/lab-2026-02-foundations/ingest"
import { factsTable } from "@roadmap/lab-2026-03-features/contract"
import { departed } from "@roadmap/lab-2026-03-features/definitions"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { moveAlias, registerModel } from "../models.ts"

/** The time in the drill: here the online store was filled last. */
export const now = new Date("2001-06-15T12:00:00Z")

export const service = defineFeatureService({
  name: "gate_features",
  views: [{ view: departed, keys: { airport: "origin" }, prefix: "origin_" }],
  onDemand: [
    defineOnDemandView({
      name: "gate",
      request: ["hour", "distance"],
      features: { hour_of_day: "number", miles: "number" },
      compute: ({ hour, distance }) => ({ hour_of_day: hour, miles: distance }),
      description: "What the gate knows of the flight",
    }),
  ],
})

/** `store.json`: how the feature store of another team is today. It is theirs. */
export interface StoreHealth {
  /** Airports of the part that is slow, and how much slower it answers. */
  slowAirports: string[]
  stallMs: number
}

type Home = Pick<Config, "home">
const healthPath = ({ home }: Home) => join(home, "store.json")
export const readHealth = async (config: Home): Promise<StoreHealth> =>
  JSON.parse(await readFile(healthPath(config), "utf8"))
export const writeHealth = (config: Home, health: StoreHealth): Promise<void> =>
  writeFileAtomic(healthPath(config), `${JSON.stringify(health, null, 2)}\n`)

/** The real store of the home folder, behind a stand-in for the network to a part of it that is slow. */
export interface SlowStore {
  readonly store: OnlineStore
  /** Reads that the slow part has taken and not answered. */
  stalled(): number
  /** Ends those reads. */
  release(): void
  [Symbol.asyncDispose](): Promise<void>
}

export const openStoreOf = async (config: Config, health: StoreHealth): Promise<SlowStore> => {
  const store = await openOnlineStore(config)
  const over = new AbortController()
  let stalled = 0
  return {
    store: {
      ...store,
      async readViews(requests, options) {
        const slow = requests.some(({ keys }) =>
          keys.some(([airport]) => health.slowAirports.includes(String(airport))),
        )
        if (slow && health.stallMs > 0) {
          stalled++
          const signals = options?.signal ? [over.signal, options.signal] : [over.signal]
          try {
            await sleep(health.stallMs, AbortSignal.any(signals))
          } finally {
            stalled--
          }
        }
        return store.readViews(requests, options)
      },
    },
    stalled: () => stalled,
    release: () => over.abort(),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

/** Facts of two days of real flights, the online store filled from them, and a model of its features. */
export const buildSystem = async (config: Config, signal: AbortSignal): Promise<void> => {
  await using engine = await openWarehouse(config)
  await using store = await openOnlineStore(config)
  await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
  await engine.query(
    `CREATE TABLE ${factsTable} AS
     SELECT file_row_number AS flight_id, origin, destination, CAST(delay AS DOUBLE) AS delay, delay >= 15 AS is_late,
       CASE WHEN delay >= 15 THEN 1 ELSE 0 END AS late, CAST(distance AS DOUBLE) AS distance,
       CAST(hour(date) AS DOUBLE) AS hour, date AS departed_at, date + INTERVAL 3 HOUR AS known_at, date + INTERVAL 3 HOUR AS created_at
     FROM read_parquet(${quoteText(flightsFile())}, file_row_number = true)
     WHERE date >= '2001-06-13' AND date < '2001-06-16' AND file_row_number % 20 = 0 AND delay BETWEEN -120 AND 2000
     ORDER BY file_row_number`,
    [],
    { signal },
  )
  await materialize(engine, store, departed, { to: now, horizon: micros.hour, signal })
  const set = await trainingSet(engine, service, {
    from: factsTable,
    timestamp: "departed_at",
    order: ["flight_id"],
    columns: ["late"],
  })
  const version = await registerModel(
    config,
    set.features as Record<string, Float64Array>,
    set.labels.late as Float64Array,
    { metadata: { feature_service: service.name, feature_service_version: service.version } },
  )
  await moveAlias(config, "champion", version)
}
