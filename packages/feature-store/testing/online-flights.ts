import type { ColumnBatch, Field, SqlEngine } from "@roadmap/warehouse/port"
import { defineEntity, defineFeatureView, type FeatureView } from "../src/definitions.ts"
import { micros } from "../src/durations.ts"

export interface Landing {
  airport: string
  landedAt: number
  delay: number
}

const landingFields: readonly Field[] = [
  { name: "airport", type: "string" },
  { name: "landed_at", type: "timestamp" },
  { name: "delay", type: "int32" },
]

export const landingBatch = (landings: readonly Landing[]): ColumnBatch => ({
  rows: landings.length,
  columns: [
    { name: "airport", type: "string", values: landings.map(({ airport }) => airport) },
    {
      name: "landed_at",
      type: "timestamp",
      values: BigInt64Array.from(landings, ({ landedAt }) => BigInt(landedAt)),
    },
    { name: "delay", type: "int32", values: Int32Array.from(landings, ({ delay }) => delay) },
  ],
})

export const loadLandings = async (engine: SqlEngine, landings: readonly Landing[]): Promise<void> => {
  const batches = landings.length === 0 ? [] : [landingBatch(landings)]
  await engine.load("landings", { fields: landingFields, batches }, "replace")
}

/** Delays of an airport: the last hour, the last day, the last one of all. */
export const airportDelays = (change: { window?: string; name?: string } = {}): FeatureView =>
  defineFeatureView({
    name: change.name ?? "airport_delays",
    entity: defineEntity({ name: "airport", keys: { airport: "string" } }),
    source: { table: "main.landings", eventTime: "landed_at", knownTime: "landed_at" },
    features: {
      landings_1h: { aggregate: "count", window: change.window ?? "1h" },
      mean_delay_1d: { aggregate: "mean", column: "delay", window: "1d" },
      last_delay: { column: "delay" },
    },
  })

/** Midnight of the first day of 2001 and so many minutes, in microseconds. */
export const minute = (minutes: number): number => Date.UTC(2001, 0, 1) * 1_000 + minutes * micros.minute
export const dateOf = (time: number): Date => new Date(time / 1_000)

/** So many airports with two landings each, in the first hour. */
export const manyLandings = (airports: number): Landing[] =>
  Array.from({ length: 2 * airports }, (_, i) => ({
    airport: `A${i % airports}`,
    landedAt: minute(i % 60),
    delay: i % 97,
  }))
