import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { fitConstant } from "@roadmap/ml/baseline/constant"
import { encodeModel } from "@roadmap/ml/encoding"
import { createFeatures } from "@roadmap/ml/features"
import { type ModelContent, roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import type { ModelRegistry } from "@roadmap/model-registry/port"

/**
 * Registers versions that can be told apart: version n of a new model predicts n, whatever the rows. `change` makes
 * one that is otherwise, for example of a flavor that nobody can load.
 */
export const registerNumbered = async (
  registry: ModelRegistry,
  folder: string,
  name: string,
  change: Partial<ModelContent> = {},
): Promise<number> => {
  const { items } = await registry.searchModels({ filter: `name = '${name}'` })
  const value = (items[0]?.latestVersion ?? 0) + 1
  const model = fitConstant({
    features: createFeatures([{ name: "x", kind: "numeric", values: Float64Array.of(0) }]),
    target: Float64Array.of(value),
    task: "regression",
  })
  const { directory } = await writeModel(join(folder, `numbered-${randomUUID()}`), {
    flavors: roadmapFlavor("@roadmap/ml", 1),
    files: { "model.bin": encodeModel(model) },
    signature: {
      inputs: [{ name: "x", type: "double", required: true }],
      outputs: [{ name: "prediction", type: "double", required: true }],
    },
    ...change,
  })
  const { version } = await registry.register({ name, directory })
  return version
}
