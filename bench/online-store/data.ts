import type { OnlineRows, OnlineView } from "@roadmap/feature-store/online/port"

/** Twelve features of one key, in four views of three: the shape of a model that serves. */
export const viewNames = ["delays", "traffic", "weather", "calendar"] as const
const featuresOf = (view: string) => [0, 1, 2].map(number => `${view}_${number}`)

export const onlineViews: readonly OnlineView[] = viewNames.map(name => ({
  name,
  version: "1",
  keys: [{ name: "airport", type: "string" }],
  features: featuresOf(name).map(feature => ({ name: feature, type: "float64" })),
}))

/** 2001-06-01, in microseconds. */
export const eventTime = BigInt(Date.UTC(2001, 5, 1)) * 1_000n

export const keyOf = (entity: number): string => `airport-${entity}`
/** The same number for every system. */
export const featureValue = (entity: number, view: number, feature: number): number =>
  ((entity * 12 + view * 3 + feature) % 10_007) / 7

export const rowsOfView = (view: number, from: number, to: number): OnlineRows => {
  const entities = Array.from({ length: to - from }, (_, i) => from + i)
  return {
    rows: entities.length,
    columns: [
      { name: "airport", type: "string", values: entities.map(keyOf) },
      ...onlineViews[view].features.map(({ name }, feature) => ({
        name,
        type: "float64" as const,
        values: Float64Array.from(entities, entity => featureValue(entity, view, feature)),
      })),
    ],
    eventTime: new BigInt64Array(entities.length).fill(eventTime),
  }
}

export interface Latencies {
  p50: number
  p99: number
}

/** Percentiles of times in microseconds. */
export const latencies = (microseconds: readonly number[]): Latencies => {
  const sorted = Float64Array.from(microseconds).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { p50: at(0.5), p99: at(0.99) }
}
