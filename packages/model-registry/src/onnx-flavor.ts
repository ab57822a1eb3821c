import { RoadmapError } from "@roadmap/core/errors"
import type { ModelContent } from "./mlmodel.ts"

/**
 * Python packages with which MLflow loads and serves such a model. Written into requirements.txt; the test
 * against real MLflow installs exactly these.
 */
export const onnxRequirements = [
  "mlflow-skinny==3.17.2",
  "numpy==2.4.6",
  "onnx==1.23.2",
  "onnxruntime==1.32.0",
  "pandas==3.1.1",
] as const

const modelFile = "model.onnx"

/**
 * The content of a model directory with an ONNX file in it, which MLflow loads as `onnx` and as
 * `python_function` (https://mlflow.org/docs/latest/ml/model/#onnx-onnx); other flavors stay. MLflow puts the
 * signature's columns side by side into the file's one input [N, k], in their order, so it takes numbers only:
 * export with inputs "matrix", where a category is its code. Throws INVALID_INPUT for columns that are no
 * decimals or of two types, and when `model.onnx` is taken.
 */
export const withOnnx = (content: ModelContent, onnx: Uint8Array): ModelContent => {
  const types = new Set(content.signature.inputs.map(({ type }) => type))
  const odd = content.signature.inputs.find(({ type }) => type !== "double" && type !== "float")
  if (odd !== undefined || types.size !== 1)
    throw new RoadmapError(
      "INVALID_INPUT",
      odd === undefined
        ? `The signature has ${types.size === 0 ? "no input" : "both double and float"} columns; MLflow fills one matrix of one type.`
        : `The column "${odd.name}" is ${odd.type}; MLflow fills one matrix of numbers.`,
      { hint: "Take the signature of the ONNX file itself, exported with inputs: matrix." },
    )
  for (const file of [modelFile, "requirements.txt"])
    if (Object.hasOwn(content.files, file))
      throw new RoadmapError("INVALID_INPUT", `The model has a file ${file} already.`)
  return {
    ...content,
    flavors: {
      ...content.flavors,
      onnx: { data: modelFile, providers: ["CPUExecutionProvider"] },
      python_function: { data: modelFile, loader_module: "mlflow.onnx" },
    },
    files: {
      ...content.files,
      [modelFile]: onnx,
      "requirements.txt": Buffer.from(`${onnxRequirements.join("\n")}\n`),
    },
  }
}
