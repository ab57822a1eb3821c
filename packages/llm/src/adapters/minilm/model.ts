import { readFileSync } from "node:fs"
import { Tokenizer } from "@huggingface/tokenizers"
import { RoadmapError } from "@roadmap/core/errors"
import { loadRuntime, type Runtime, type Session } from "./onnxruntime.ts"

/** Where a worker finds what it loads; plain data, so that it can be sent. */
export interface ModelPlace {
  root: string
  modelFile: string
  tokenizerFile: string
  dimensions: number
  maxTokens: number
}

export interface LoadedModel {
  /** Token ids of a text with [CLS] and [SEP], at most `maxTokens`. */
  tokens(text: string): Int32Array
  /** One vector of length 1 for each sequence, one after the other. */
  embed(sequences: readonly Int32Array[]): Promise<Float32Array<ArrayBuffer>>
  /** The model's work alone: no pooling. For measuring. */
  run(sequences: readonly Int32Array[]): Promise<void>
  close(): Promise<void>
}

/** Characters of a text that are looked at: far more than 256 tokens of any language. */
const longestText = 20_000

/**
 * all-MiniLM-L6-v2 (Reimers and Gurevych, 2019, arXiv 1908.10084; its card gives the way: mean of the last hidden state
 * over the tokens, then length 1). One thread: several of these side by side do more than one with several threads,
 * which wait for each other spinning (measured: 11,200 against 4,000 to 10,000 tokens/s on two busy cores).
 * Throws PART_MISSING without onnxruntime, FILE_CORRUPT for files that are no model or no tokenizer.
 */
export const loadModel = async (place: ModelPlace): Promise<LoadedModel> => {
  const runtime = loadRuntime(place.root)
  const tokenizer = loadTokenizer(place.tokenizerFile)
  const session = await openSession(runtime, place.modelFile)
  const { dimensions, maxTokens } = place
  const hidden = async (sequences: readonly Int32Array[]) => {
    const width = Math.max(...sequences.map(sequence => sequence.length))
    const size = sequences.length * width
    const [ids, mask] = [new BigInt64Array(size), new BigInt64Array(size)]
    for (const [row, sequence] of sequences.entries())
      for (let i = 0; i < sequence.length; i++) {
        ids[row * width + i] = BigInt(sequence[i])
        mask[row * width + i] = 1n
      }
    const dims = [sequences.length, width]
    const outputs = await session.run({
      input_ids: new runtime.Tensor("int64", ids, dims),
      attention_mask: new runtime.Tensor("int64", mask, dims),
      token_type_ids: new runtime.Tensor("int64", new BigInt64Array(size), dims),
    })
    return { values: outputs.last_hidden_state.data, width }
  }
  return {
    tokens(text) {
      const { ids } = tokenizer.encode(text.slice(0, longestText))
      if (ids.length <= maxTokens) return Int32Array.from(ids)
      const cut = Int32Array.from(ids.slice(0, maxTokens))
      cut[maxTokens - 1] = ids[ids.length - 1]
      return cut
    },
    async embed(sequences) {
      const { values, width } = await hidden(sequences)
      const vectors = new Float32Array(sequences.length * dimensions)
      for (const [row, { length }] of sequences.entries())
        meanOf(
          values,
          row * width * dimensions,
          length,
          vectors.subarray(row * dimensions, (row + 1) * dimensions),
        )
      return vectors
    },
    run: async sequences => void (await hidden(sequences)),
    close: () => session.release(),
  }
}

/** Mean over the tokens, then length 1. */
const meanOf = (values: Float32Array, start: number, tokens: number, into: Float32Array): void => {
  const { length } = into
  for (let token = 0; token < tokens; token++) {
    const from = start + token * length
    for (let i = 0; i < length; i++) into[i] += values[from + i]
  }
  let squares = 0
  for (let i = 0; i < length; i++) squares += into[i] * into[i]
  const scale = 1 / Math.sqrt(squares)
  for (let i = 0; i < length; i++) into[i] *= scale
}

const openSession = async (runtime: Runtime, file: string): Promise<Session> => {
  try {
    return await runtime.InferenceSession.create(file, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      // Errors alone: warnings would go to the standard error of the whole process.
      logSeverityLevel: 3,
    })
  } catch (cause) {
    throw corrupt(file, "is no model that onnxruntime reads", cause)
  }
}

const loadTokenizer = (file: string): Tokenizer => {
  try {
    return new Tokenizer(JSON.parse(readFileSync(file, "utf8")), {})
  } catch (cause) {
    throw corrupt(file, "is no tokenizer", cause)
  }
}

const corrupt = (file: string, what: string, cause: unknown) =>
  new RoadmapError("FILE_CORRUPT", `${file} ${what}.`, {
    hint: "Delete that file and run: npx -y pnpm@12 roadmap setup neural",
    cause,
  })
