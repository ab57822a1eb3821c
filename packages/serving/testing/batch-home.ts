import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { encodeModel } from "@roadmap/ml/encoding"
import { createFeatures, type Features } from "@roadmap/ml/features"
import { fitRidge } from "@roadmap/ml/linear/ridge"
import type { Model } from "@roadmap/ml/model"
import { toOnnx } from "@roadmap/ml/onnx/export"
import { onnxSignature } from "@roadmap/ml/onnx/notes"
import { roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { withOnnx } from "@roadmap/model-registry/onnx-flavor"
import { openRegistry } from "@roadmap/model-registry/open"
import type { Signature } from "@roadmap/model-registry/signature"
import { openWarehouse } from "@roadmap/warehouse/open"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { localEngine } from "../src/batch/source.ts"

/** Airports that the models know; the flights of `flightsSql` also leave from one that they do not. */
export const airports = ["ATL", "BOS", "DEN", "JFK", "SEA"]

/**
 * A home folder with two registered models, to be removed when it is disposed of: `late` (boosted trees with a category,
 * registered with the signature of its ONNX file, as the labs do) and `delay` (ridge with typed columns).
 */
export const openBatchHome = async (options: { trees?: number; mlflow?: Config["mlflow"] } = {}) => {
  const home = await mkdtemp(join(tmpdir(), "serving-batch-"))
  const { mlflow } = options
  const config: Config = { home, logLevel: "silent", ci: true, color: false, ...(mlflow && { mlflow }) }
  const late = await lateModel(options.trees ?? 20)
  const delay = delayModel()
  const register = async (name: string, model: Model, signature?: Signature): Promise<number> => {
    await using registry = await opened(config)
    const directory = join(home, `model-${name}-${Math.random()}`)
    const files = { "model.bin": encodeModel(model) }
    const flavors = roadmapFlavor("@roadmap/ml", 1)
    const onnx = toOnnx(model)
    const content = signature
      ? { flavors, files, signature }
      : withOnnx({ flavors, files, signature: onnxSignature(onnx) }, onnx)
    await writeModel(directory, content)
    const { version } = await registry.register({ name, directory })
    await registry.setAlias(name, "champion", version)
    await rm(directory, { recursive: true })
    return version
  }
  const query = async <Row extends Record<string, Cell>>(sql: string): Promise<Row[]> => {
    await using engine = await localEngine(join(home, "spill"), { threads: 1, memoryLimit: "200MB" })
    return rowsOf(await engine.query(sql)) as Row[]
  }
  await register("late", late)
  await register("delay", delay, delaySignature)
  return {
    home,
    config,
    late,
    delay,
    /** Another version of `late`, the champion from now on. */
    registerLate: async (trees: number) => register("late", await lateModel(trees)),
    async makeTable(rows: number, seed = 1) {
      await using engine = await openWarehouse(config)
      await engine.query("CREATE SCHEMA IF NOT EXISTS gold")
      await engine.query(`CREATE OR REPLACE TABLE gold.flights AS ${flightsSql(rows, seed)}`)
    },
    /** Of a statement on no warehouse: over files. */
    query,
    /** A Parquet file with the rows of a statement. Returns its path. */
    async writeParquet(name: string, sql: string): Promise<string> {
      const file = join(home, name)
      await query(`COPY (${sql}) TO '${file}' (FORMAT parquet)`)
      return file
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

/** Flights with a key, where airports, distances and hours depend on the key alone. */
export const flightsSql = (rows: number, seed = 1): string => {
  const texts = [...airports, "XXX"].map(name => `'${name}'`).join(", ")
  return `SELECT range AS flight, [${texts}][1 + (range * 7 + ${seed}) % 6] AS origin,
    (range * 31 % 2500)::DOUBLE AS distance, (range % 24)::INTEGER AS hour FROM range(${rows})`
}

/** For statements: the scores in an output folder. */
export const scoresIn = (folder: string): string => `read_parquet('${folder}/*.parquet')`

const opened = async (config: Config) => {
  const registry = await openRegistry(config)
  return Object.assign(registry, { [Symbol.asyncDispose]: () => registry.close() })
}

const trainingRows = 600
const trainingFeatures = (): Features =>
  createFeatures([
    {
      name: "origin",
      kind: "categorical",
      codes: Int32Array.from({ length: trainingRows }, (_, i) => (i * 7) % airports.length),
      categories: airports,
    },
    {
      name: "distance",
      kind: "numeric",
      values: Float64Array.from({ length: trainingRows }, (_, i) => (i * 31) % 2500),
    },
    { name: "hour", kind: "numeric", values: Int32Array.from({ length: trainingRows }, (_, i) => i % 24) },
  ])

const lateModel = (trees: number): Promise<Model> =>
  fitBoosting({
    features: trainingFeatures(),
    target: Float64Array.from({ length: trainingRows }, (_, i) =>
      (i * 31) % 2500 > 1200 || i % 24 > 17 ? 1 : 0,
    ),
    parameters: { loss: "logistic", trees, leaves: 8 },
    threads: 1,
  })

const delayModel = (): Model => {
  const features = trainingFeatures()
  return fitRidge({
    features: createFeatures(features.columns.filter(({ kind }) => kind === "numeric")),
    target: Float64Array.from({ length: trainingRows }, (_, i) => (i % 24) * 2 + ((i * 31) % 2500) / 100),
  })
}

const delaySignature: Signature = {
  inputs: [
    { name: "distance", type: "double", required: true },
    { name: "hour", type: "integer", required: true },
  ],
  outputs: [{ name: "minutes", type: "double", required: true }],
}
