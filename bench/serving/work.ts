/**
 * What runs in processes of its own. Argument: { task, home, … } as JSON. `prepare` ends; `serve` lives until
 * it is killed.
 */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { loadConfigWith } from "@roadmap/core/config"
import { sqliteOnlineStore } from "@roadmap/feature-store/online/adapters/sqlite"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { encodeModel } from "@roadmap/ml/encoding"
import type { NumericColumn } from "@roadmap/ml/features"
import { predict } from "@roadmap/ml/model"
import { toOnnx } from "@roadmap/ml/onnx/export"
import { onnxSignature } from "@roadmap/ml/onnx/notes"
import { roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { withOnnx } from "@roadmap/model-registry/onnx-flavor"
import { openRegistry } from "@roadmap/model-registry/open"
import { startServer } from "@roadmap/serving/server"
import { lightgbmText } from "./lightgbm-text.ts"
import { airports, featureNames, keyOf, now, rowsOf, service, views } from "./model.ts"

const { task, home, port, withLog, byKey } = JSON.parse(process.argv[2]) as {
  task: "prepare" | "serve"
  home: string
  port?: number
  withLog?: boolean
  byKey?: boolean
}
const config = loadConfigWith({
  ROADMAP_HOME: home,
  MLFLOW_TRACKING_URI: "",
  DATABASE_URL: "",
  LOG_LEVEL: "warn",
})

/** The model in three forms, the rows with their right answers, and the same rows in the online store. */
const prepare = async (): Promise<void> => {
  const training = rowsOf(50_000, 1)
  const model = await fitBoosting({ ...training, parameters: { trees: 200, leaves: 31 }, seed: 1 })
  await writeFile(join(home, "model.txt"), lightgbmText(model))
  const onnx = toOnnx(model)
  const directory = join(home, "model")
  await writeModel(
    directory,
    withOnnx(
      {
        flavors: roadmapFlavor("@roadmap/ml", 1),
        files: { "model.bin": encodeModel(model) },
        signature: onnxSignature(onnx),
        metadata: { feature_service: service.name, feature_service_version: service.version },
      },
      onnx,
    ),
  )
  const registry = await openRegistry(config)
  await registry.register({ name: "delay", directory })
  await registry.setAlias("delay", "champion", 1)
  await registry.close()

  const { features } = rowsOf(airports, 2)
  const columns = features.columns as readonly NumericColumn[]
  const expected = Array.from(predict(model, features))
  const bodies = expected.map((_, row) =>
    JSON.stringify({
      dataframe_split: { columns: featureNames, data: [columns.map(({ values }) => values[row])] },
    }),
  )
  const keyed = expected.map((_, row) =>
    JSON.stringify({ dataframe_split: { columns: ["airport"], data: [[keyOf(row)]] } }),
  )
  await writeFile(join(home, "rows.json"), JSON.stringify({ bodies, keyed, expected }))
  await using store = sqliteOnlineStore({ file: join(home, "state", "online.sqlite") })
  for (const { name, version, features: own } of views) {
    const names = Object.keys(own)
    await store.define({
      name,
      version,
      keys: [{ name: "airport", type: "string" }],
      features: names.map(feature => ({ name: feature, type: "float64" })),
    })
    await store.write(name, {
      rows: airports,
      columns: [
        { name: "airport", type: "string", values: Array.from({ length: airports }, (_, row) => keyOf(row)) },
        ...names.map(feature => ({
          name: feature,
          type: "float64" as const,
          values: columns.find(column => column.name === feature)!.values as Float64Array,
        })),
      ],
      eventTime: new BigInt64Array(airports).fill(now - 60_000_000n),
    })
  }
}

const serve = async (): Promise<void> => {
  const server = await startServer(config, {
    models: ["delay@champion"],
    port,
    ...(withLog && { predictionLog: { folder: join(home, "prediction-log") } }),
    ...(byKey && { features: { service, now: () => now } }),
  })
  process.on("SIGTERM", () => void server.close())
}

await { prepare, serve }[task]()
