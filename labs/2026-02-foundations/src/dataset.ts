import { createFeatures, type FeatureColumn, type Features } from "@roadmap/ml/features"
import { collectColumns } from "@roadmap/warehouse/collect"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { type FeatureName, featureNames } from "./features.ts"
import type { Split } from "./split.ts"

/** The rows of one split, in the order of their flight ids. */
export interface Dataset {
  split: Split
  features: Features
  /** Arrival delay in minutes. */
  delay: Float64Array
  /** 1 when the flight arrived 15 or more minutes late. */
  late: Float64Array
  /** Day of departure, days since 1970. */
  day: Int32Array
}

const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const
const hours = Array.from({ length: 24 }, (_, hour) => `${hour} h`)

/** Columns whose numbers are names: linear models give each value a coefficient of its own. */
const categories: Partial<Record<FeatureName, readonly string[]>> = { weekday: weekdays, hour: hours }

export const loadDataset = async (
  engine: SqlEngine,
  split: Split,
  options: { signal?: AbortSignal; onProgress?: (rows: number) => void; table?: string } = {},
): Promise<Dataset> => {
  const { table = "gold.flight_features", ...reading } = options
  const labels = { delay: "float64", late: "float64", day: "int32" } as const
  const inputs = Object.fromEntries(
    featureNames.map(name => [name, categories[name] ? "int32" : "float32"]),
  ) as Record<FeatureName, "int32" | "float32">
  const columns = await collectColumns(
    engine,
    `SELECT ${[...featureNames, ...Object.keys(labels)].join(", ")}
     FROM ${table} WHERE split = ? ORDER BY flight_id`,
    { params: [split], columns: { ...inputs, ...labels }, ...reading },
  )
  const features = createFeatures(
    featureNames.map((name): FeatureColumn => {
      const names = categories[name]
      const values = columns[name]
      return names && values instanceof Int32Array
        ? { name, kind: "categorical", codes: values, categories: names }
        : { name, kind: "numeric", values }
    }),
  )
  return { split, features, delay: columns.delay, late: columns.late, day: columns.day }
}
