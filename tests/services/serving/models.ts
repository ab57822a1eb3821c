import { fitBoosting } from "../../../packages/ml/src/boosting/fit.ts"
import { encodeModel } from "../../../packages/ml/src/encoding.ts"
import type { FeatureColumn } from "../../../packages/ml/src/features.ts"
import { toOnnx } from "../../../packages/ml/src/onnx/export.ts"
import { onnxSignature } from "../../../packages/ml/src/onnx/notes.ts"
import { type ModelContent, roadmapFlavor } from "../../../packages/model-registry/src/mlmodel.ts"
import { withOnnx } from "../../../packages/model-registry/src/onnx-flavor.ts"
import type { ColumnType } from "../../../packages/model-registry/src/signature.ts"
import { contentOf, smallModel } from "../../../packages/serving/testing/models.ts"
import { typedRow } from "./requests.ts"

/** A classifier in both forms in one directory: this project's own, and the ONNX file that MLflow serves. */
export const lateModel = async (): Promise<ModelContent> => {
  const model = await smallModel({ loss: "logistic" })
  const onnx = toOnnx(model)
  return withOnnx(contentOf(model, onnxSignature(onnx)), onnx)
}

const types: readonly ColumnType[] = ["double", "float", "integer", "long", "string", "boolean", "datetime"]

/**
 * A model with a column of every type. MLflow loads a few lines of Python that answer 0: its checks come
 * before them.
 */
export const typedModel = async (): Promise<ModelContent> => {
  const rows = 60
  const names = Object.keys(typedRow)
  const columns = names.map((name, at): FeatureColumn => {
    if (types[at] === "string")
      return {
        name,
        kind: "categorical",
        codes: Int32Array.from({ length: rows }, (_, row) => row % 2),
        categories: ["fri", "mon"],
      }
    return {
      name,
      kind: "numeric",
      values: Float64Array.from({ length: rows }, (_, row) => (row * (at + 1)) % 7),
    }
  })
  const model = await fitBoosting({
    features: { rows, columns },
    target: Float64Array.from({ length: rows }, (_, row) => row % 5),
    parameters: { trees: 3, leaves: 4, minRowsPerLeaf: 5 },
    engine: "typescript",
    threads: 1,
  })
  return {
    flavors: {
      ...roadmapFlavor("@roadmap/ml", 1),
      python_function: { loader_module: "zeros", code: "code" },
    },
    files: { "model.bin": encodeModel(model), "code/zeros.py": Buffer.from(zeros) },
    signature: {
      inputs: names.map((name, at) => ({ name, type: types[at], required: true })),
      outputs: [{ name: "prediction", type: "double", required: true }],
    },
  }
}

const zeros = `class Zeros:
    def predict(self, frame, params=None):
        return [0.0] * len(frame)


def _load_pyfunc(path):
    return Zeros()
`
