import { join } from "node:path"
import { loadPartModule } from "@roadmap/core/part-module"

/*
 * What is used of onnxruntime-node (https://onnxruntime.ai/docs/api/js/), which is the optional part onnx.
 */

export interface Tensor {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

export interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, Tensor>>
  release(): Promise<void>
}

export interface Runtime {
  InferenceSession: {
    create(
      path: string,
      options: { intraOpNumThreads: number; interOpNumThreads: number; logSeverityLevel: number },
    ): Promise<Session>
  }
  Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => unknown
}

/** Loads onnxruntime-node from its part. Throws PART_MISSING when it is not there or does not start. */
export const loadRuntime = (root: string): Runtime =>
  loadPartModule({
    part: "onnx",
    folder: join(root, "parts", "onnx"),
    module: "onnxruntime-node",
    absent: "Embedding texts needs the part onnx (onnxruntime-node), which is not installed.",
    setup: "neural",
  }) as Runtime
