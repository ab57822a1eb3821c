import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { flightsFile } from "@roadmap/lab-2026-02-foundations/ingest"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { encodeModel } from "@roadmap/ml/encoding"
import { createFeatures, type Features } from "@roadmap/ml/features"
import { roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import { collectColumns } from "@roadmap/warehouse/collect"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"

export const modelName = "flight-late"

export interface Flights {
  rows: number
  columns: Record<"distance" | "hour" | "weekday" | "late", Float64Array>
}

/** One in `oneIn` of May's real flights: what the drills' small models learn from. */
export const mayFlights = async (config: Config, oneIn: number): Promise<Flights> => {
  await using engine = await openWarehouse(config)
  const columns = await collectColumns(
    engine,
    `SELECT distance, hour(date) AS hour, isodow(date) AS weekday, CASE WHEN delay >= 15 THEN 1 ELSE 0 END AS late
     FROM read_parquet(${quoteText(flightsFile())}, file_row_number = true)
     WHERE month(date) = 5 AND file_row_number % ${oneIn} = 0 AND delay BETWEEN -120 AND 2000 ORDER BY file_row_number`,
    { columns: { distance: "float64", hour: "float64", weekday: "float64", late: "float64" } },
  )
  return { rows: columns.late.length, columns }
}

/** Fits a small model on these columns and registers it. Returns its version. */
export const registerModel = async (
  config: Config,
  columns: Readonly<Record<string, Float64Array>>,
  late: Float64Array,
  { trees = 20, metadata = {} }: { trees?: number; metadata?: Record<string, string> } = {},
): Promise<number> => {
  const features: Features = createFeatures(
    Object.entries(columns).map(([name, values]) => ({ name, kind: "numeric", values })),
  )
  const model = await fitBoosting({
    features,
    target: late,
    threads: 1,
    parameters: { loss: "logistic", trees, leaves: 7 },
  })
  const folder = await mkdtemp(join(tmpdir(), "drill-model-"))
  const registry = await openRegistry(config)
  try {
    const { directory } = await writeModel(join(folder, "model"), {
      flavors: roadmapFlavor("@roadmap/ml", 1),
      files: { "model.bin": encodeModel(model) },
      signature: {
        inputs: Object.keys(columns).map(name => ({ name, type: "double", required: true })),
        outputs: [
          { name: "prediction", type: "long", required: true },
          { name: "probability", type: "double", required: true },
        ],
      },
      inputExample: {
        columns: Object.keys(columns),
        data: [0, 1].map(row => Object.values(columns).map(values => values[row])),
      },
      metadata,
    })
    return (await registry.register({ name: modelName, directory })).version
  } finally {
    await registry.close()
    await rm(folder, { recursive: true, force: true })
  }
}

export const moveAlias = async (config: Config, alias: string, version: number): Promise<void> => {
  const registry = await openRegistry(config)
  try {
    await registry.setAlias(modelName, alias, version)
  } finally {
    await registry.close()
  }
}
