import { createRandom } from "@roadmap/core/random"
import { defineEntity, defineFeatureView } from "@roadmap/feature-store/definitions"
import { defineFeatureService } from "@roadmap/feature-store/services"
import type { Features } from "@roadmap/ml/features"

/**
 * Twelve features of an airport in four views of three: what the model takes, and what the online store
 * holds.
 */
const airport = defineEntity({ name: "airport", keys: { airport: "string" } })
export const views = ["delays", "traffic", "weather", "routes"].map(name =>
  defineFeatureView({
    name,
    entity: airport,
    source: { table: "main.facts", eventTime: "at", knownTime: "at" },
    features: Object.fromEntries(
      [1, 3, 24].map(hours => [
        `${name}_${hours}h`,
        { aggregate: "mean" as const, column: "value", window: `${hours}h` },
      ]),
    ),
  }),
)
export const service = defineFeatureService({ name: "airport_features", views })
export const featureNames = views.flatMap(({ features }) => Object.keys(features))

/** Made-up numbers: what a request costs does not depend on what they mean. */
export const rowsOf = (rows: number, seed: number): { features: Features; target: Float64Array } => {
  const random = createRandom(seed)
  const columns = featureNames.map(name => ({
    name,
    kind: "numeric" as const,
    values: Float64Array.from({ length: rows }, () => Math.round(random.normal() * 1_000) / 100),
  }))
  const target = Float64Array.from({ length: rows }, (_, row) => {
    const [a, b, c, d] = [0, 3, 6, 9].map(place => columns[place].values[row])
    return a * 2 + Math.abs(b) * c * 0.1 + Math.sin(d) * 10 + random.normal()
  })
  return { features: { rows, columns }, target }
}

export const airports = 1_000
export const keyOf = (entity: number): string => `airport-${entity}`
/** 2001-06-01, in microseconds. */
export const now = BigInt(Date.UTC(2001, 5, 1)) * 1_000n
