import { join } from "node:path"
import { loadPartModule } from "@roadmap/core/part-module"

/*
 * The one door to onnxruntime-node (https://onnxruntime.ai/docs/api/js/). It is an optional part of 113 MB,
 * installed by `roadmap setup onnx` into `parts/onnx`, so its types are written here: what is used of them.
 */

export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Uint8Array
  | readonly string[]

export interface RuntimeTensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: TensorData
}

export interface RuntimeValue {
  readonly name: string
  /** False for sequences and maps. */
  readonly isTensor: boolean
  /** "float32", "float64", "int64", "string", … */
  readonly type?: string
  readonly shape?: readonly (number | string)[]
}

export interface RuntimeSession {
  readonly inputMetadata: readonly RuntimeValue[]
  readonly outputMetadata: readonly RuntimeValue[]
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[],
  ): Promise<Record<string, RuntimeTensor>>
  release(): Promise<void>
}

export interface OnnxRuntime {
  open(bytes: Uint8Array): Promise<RuntimeSession>
  tensor(type: string, data: TensorData, dims: readonly number[]): RuntimeTensor
}

interface Vendor {
  InferenceSession: {
    create(bytes: Uint8Array, options: { logSeverityLevel: number }): Promise<RuntimeSession>
  }
  Tensor: new (type: string, data: TensorData, dims: readonly number[]) => RuntimeTensor
}

/** Folder of the part in this repository. */
export const onnxPart = join(import.meta.dirname, "..", "..", "..", "..", "parts", "onnx")

/** Loads onnxruntime-node when it is first needed. Throws PART_MISSING when it is not there or does not start. */
export const loadOnnxRuntime = (part = onnxPart): OnnxRuntime => {
  const { InferenceSession, Tensor } = loadVendor(part)
  return {
    // Severity 3: errors alone; warnings would go to the standard error of the whole process.
    open: bytes => InferenceSession.create(bytes, { logSeverityLevel: 3 }),
    tensor: (type, data, dims) => new Tensor(type, data, dims),
  }
}

const loadVendor = (folder: string): Vendor =>
  loadPartModule({
    part: "onnx",
    folder,
    module: "onnxruntime-node",
    absent: "Scoring ONNX models needs the part onnx (onnxruntime-node), which is not installed.",
  }) as Vendor
