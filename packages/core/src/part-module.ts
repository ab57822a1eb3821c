import { createRequire } from "node:module"
import { join } from "node:path"
import { RoadmapError } from "./errors.ts"

export interface PartModule {
  /** Name of the part: "onnx". */
  part: string
  /** Where it lies: `<repository>/parts/onnx`. */
  folder: string
  /** What is loaded from it: "onnxruntime-node". */
  module: string
  /** The sentence for a part that is not installed. */
  absent: string
  /** The part whose installation brings it. Default: this one. */
  setup?: string
}

/** Loads a module of an optional part. Throws PART_MISSING when it is not there or does not start. */
export const loadPartModule = ({ part, folder, module, absent, setup = part }: PartModule): unknown => {
  try {
    return createRequire(join(folder, "package.json"))(module)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new RoadmapError(
      "PART_MISSING",
      code === "MODULE_NOT_FOUND" ? absent : `The part ${part} (${module}) does not start: ${message}`,
      { hint: `Install it: npx -y pnpm@12 roadmap setup ${setup}`, cause },
    )
  }
}
