import { createRequire } from "node:module"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"

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
export const loadRuntime = (root: string): Runtime => {
  try {
    return createRequire(join(root, "parts", "onnx", "package.json"))("onnxruntime-node") as Runtime
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new RoadmapError(
      "PART_MISSING",
      code === "MODULE_NOT_FOUND"
        ? "Embedding texts needs the part onnx (onnxruntime-node), which is not installed."
        : `The part onnx (onnxruntime-node) does not start: ${message}`,
      { hint: "Install it: npx -y pnpm@12 roadmap setup neural", cause },
    )
  }
}
