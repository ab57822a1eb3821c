/** A registry in a temporary folder with a model whose versions can be told apart. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { encodeModel } from "@roadmap/ml/encoding"
import { createFeatures, type Features } from "@roadmap/ml/features"
import type { Model } from "@roadmap/ml/model"
import { sqliteModelRegistry } from "@roadmap/model-registry/adapters/sqlite"
import { registerNumbered } from "../../testing/numbered-model.ts"

export const modelName = "numbered"

export const openVersions = async () => {
  const folder = await mkdtemp(join(tmpdir(), "serving-versions-"))
  const registry = sqliteModelRegistry({
    file: join(folder, "registry.sqlite"),
    artifacts: join(folder, "artifacts"),
  })
  return {
    folder,
    registry,
    register: (model: Model) =>
      registerNumbered(registry, folder, modelName, { files: { "model.bin": encodeModel(model) } }),
    /** Version n predicts n. */
    registerNumbers: async (versions: number) => {
      for (let version = 1; version <= versions; version++)
        await registerNumbered(registry, folder, modelName)
    },
    close: async () => {
      await registry.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export const featuresOf = (rows: number): Features =>
  createFeatures([
    { name: "x", kind: "numeric", values: Float64Array.from({ length: rows }, (_, i) => i % 100) },
  ])

/** Large enough that a leak of one model a reload would be seen. */
export const boostingOf = (seed: number): Promise<Model> =>
  fitBoosting({
    features: featuresOf(2_000),
    target: Float64Array.from({ length: 2_000 }, (_, i) => Math.sin((i % 100) * seed)),
    threads: 1,
  })
