import { RoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import { openServedModel, type Predictions } from "./served.ts"

/**
 * What a scoring thread loads: the model of a directory, by its folder alone. Throws as `openServedModel`,
 * and MODEL_FORMAT for an ONNX model, which runs on threads of its own already.
 */
export const loadModel = async (folder: string): Promise<{ predict(features: Features): Predictions }> => {
  const served = await openServedModel(folder, { name: "model", version: 1 })
  if (served.model === undefined)
    throw new RoadmapError(
      "MODEL_FORMAT",
      `Model ${folder} is ONNX alone; a scoring thread loads this project's own.`,
    )
  return { predict: features => served.predict(features) as Predictions }
}
