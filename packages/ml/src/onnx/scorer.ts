import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { alignColumns } from "../columns.ts"
import type { FeatureColumn, Features } from "../features.ts"
import { feedOf } from "./feed.ts"
import { notesOf } from "./notes.ts"
import {
  loadOnnxRuntime,
  type OnnxRuntime,
  type RuntimeSession,
  type RuntimeTensor,
  type RuntimeValue,
} from "./onnxruntime.ts"

export interface ScorerOptions {
  /** Output that `predict` reads. Default: the model's own notes; for a foreign model its first output. */
  readonly prediction?: string
  /**
   * Output that `predictProba` reads. Default: the notes; for a foreign model the first output of decimals
   * that is not the prediction.
   */
  readonly probability?: string
  /** Rows a run. Default 8,192. */
  readonly blockRows?: number
}

/** An ONNX model that scores features, as `predict` and `predictProba` do for this project's models. */
export interface OnnxScorer {
  readonly inputs: readonly RuntimeValue[]
  readonly outputs: readonly RuntimeValue[]
  /** One value a row. Throws INVALID_INPUT when columns do not fit or the runtime refuses them. */
  predict(features: Features, signal?: AbortSignal): Promise<Float64Array>
  /** Probability of class 1, once a row: of two columns the second. Throws INVALID_INPUT. */
  predictProba(features: Features, signal?: AbortSignal): Promise<Float64Array>
  close(): Promise<void>
}

/**
 * Opens an ONNX model, whoever made it. One made by `toOnnx` takes columns by name, in any order. A foreign
 * one with a single [N, k] input takes k columns in the order they are given; with an input a column, by
 * name. Throws PART_MISSING without the part onnx, MODEL_FORMAT for bytes that onnxruntime cannot open.
 */
export const onnxScorer = async (bytes: Uint8Array, options: ScorerOptions = {}): Promise<OnnxScorer> => {
  const runtime = loadOnnxRuntime()
  const session = await openSession(runtime, bytes)
  const notes = notesOf(bytes)
  const { inputMetadata: inputs, outputMetadata: outputs } = session
  const prediction = options.prediction ?? notes?.output ?? outputs[0]?.name
  const probability =
    options.probability ?? notes?.probability ?? (notes ? undefined : secondOutput(outputs, prediction))

  const score = async (features: Features, output: string, signal?: AbortSignal): Promise<Float64Array> => {
    checkOutput(outputs, output)
    const columns = notes ? alignColumns(notes.features, features) : features.columns
    const scores = new Float64Array(features.rows)
    const blockRows = options.blockRows ?? 8_192
    for (let first = 0; first < features.rows; first += blockRows) {
      throwIfAborted(signal)
      const rows = Math.min(blockRows, features.rows - first)
      const feed = feedOf(runtime, inputs, { columns: columns.map(sliceOf(first, rows)), rows, notes })
      scores.set(columnOf(await run(session, feed, output), rows), first)
    }
    return scores
  }

  return {
    inputs,
    outputs,
    predict: (features, signal) => score(features, prediction, signal),
    async predictProba(features, signal) {
      if (probability === undefined)
        throw new RoadmapError("INVALID_INPUT", "The ONNX model has no output of probabilities.", {
          hint: `Its outputs are: ${outputs.map(describe).join(", ")}.`,
        })
      return score(features, probability, signal)
    },
    close: () => session.release(),
  }
}

const openSession = async (runtime: OnnxRuntime, bytes: Uint8Array): Promise<RuntimeSession> => {
  try {
    return await runtime.open(bytes)
  } catch (cause) {
    throw new RoadmapError("MODEL_FORMAT", `onnxruntime cannot open the model: ${messageOf(cause)}`, {
      cause,
    })
  }
}

const run = async (
  session: RuntimeSession,
  feed: Record<string, RuntimeTensor>,
  output: string,
): Promise<RuntimeTensor> => {
  try {
    return (await session.run(feed, [output]))[output]
  } catch (cause) {
    throw new RoadmapError("INVALID_INPUT", `onnxruntime cannot score these rows: ${messageOf(cause)}`, {
      hint: `The model's inputs are: ${session.inputMetadata.map(describe).join(", ")}.`,
      cause,
    })
  }
}

/** One number a row: the only column, or the second of two (class 1). */
const columnOf = ({ data, dims }: RuntimeTensor, rows: number): Float64Array => {
  const width = rows === 0 ? 1 : data.length / rows
  const isText = Array.isArray(data)
  if (isText || (width !== 1 && width !== 2))
    throw new RoadmapError(
      "INVALID_INPUT",
      `The output has ${isText ? "texts" : `the shape [${dims.join(", ")}]`} for ${rows} rows; one number a row is needed.`,
      { hint: "Models of more than two classes, or of text labels, cannot be scored here." },
    )
  return Float64Array.from({ length: rows }, (_, row) => Number(data[row * width + width - 1]))
}

const checkOutput = (outputs: readonly RuntimeValue[], name: string): void => {
  const output = outputs.find(candidate => candidate.name === name)
  if (output?.isTensor) return
  throw new RoadmapError(
    "INVALID_INPUT",
    output === undefined
      ? `The ONNX model has no output "${name}"; it has ${outputs.map(describe).join(", ")}.`
      : `The output "${name}" of the ONNX model is a sequence of maps, not numbers.`,
    { hint: "skl2onnx and onnxmltools write plain numbers when told zipmap: False." },
  )
}

const secondOutput = (outputs: readonly RuntimeValue[], first: string): string | undefined =>
  outputs.find(({ name, type, isTensor }) => name !== first && (!isTensor || type?.startsWith("float")))?.name

const describe = ({ name, type, shape }: RuntimeValue): string =>
  `${name} (${type ?? "not numbers"}${shape ? ` [${shape.join(", ")}]` : ""})`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const sliceOf =
  (first: number, rows: number) =>
  (column: FeatureColumn): FeatureColumn =>
    column.kind === "numeric"
      ? { ...column, values: column.values.subarray(first, first + rows) }
      : { ...column, codes: column.codes.subarray(first, first + rows) }
