import { readFile } from "node:fs/promises"
import { Tokenizer } from "@huggingface/tokenizers"
import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { loadOnnxRuntime, type OnnxRuntime, type RuntimeSession } from "@roadmap/ml/onnx/onnxruntime"
import type { Reranker, Retrieved } from "../retriever.ts"
import { inNewOrder } from "./order.ts"

export interface CrossEncoderOptions {
  /** The model as ONNX: inputs input_ids, attention_mask and perhaps token_type_ids; one number a pair comes out. */
  modelFile: string
  /** The tokenizer.json that belongs to it. */
  tokenizerFile: string
  /** For reports: "ms-marco-MiniLM-L-6-v2". */
  name: string
  /** Tokens of question and passage together. Default 512. */
  maxTokens?: number
  /** Pairs of one call of the model. Default 16. */
  batch?: number
  /** Folder of the part with onnxruntime-node. Default: this repository's. */
  part?: string
}

/**
 * Orders passages by a cross-encoder, a model that reads question and passage together (Nogueira and Cho, 2019, arXiv
 * 1901.04085), in onnxruntime. No such model is fetched by this project: no package registry has one; give the files of any,
 * such as those of the sentence-transformers collection. Throws PART_MISSING, FILE_MISSING, and MODEL_FORMAT for a model with
 * other inputs or outputs.
 */
export const openCrossEncoder = async (options: CrossEncoderOptions): Promise<Reranker & AsyncDisposable> => {
  const { modelFile, tokenizerFile, name, maxTokens = 512, batch = 16, part } = options
  const runtime = loadOnnxRuntime(part)
  const tokenizer = await readTokenizer(tokenizerFile)
  const session = await openSession(runtime, modelFile)
  const pairOf = (query: string, passage: Retrieved): Pair => {
    const { title, headings, text } = passage.chunk
    const about = [title, ...headings].join(" > ")
    return encodePair(tokenizer, query, `${about}\n${text}`, maxTokens)
  }
  return {
    name: `cross-encoder ${name}`,
    async rerank(query, passages, signal) {
      const scores: number[] = []
      for (let from = 0; from < passages.length; from += batch) {
        throwIfAborted(signal)
        const pairs = passages.slice(from, from + batch).map(passage => pairOf(query, passage))
        scores.push(...(await scorePairs(runtime, session, pairs)))
      }
      return inNewOrder(passages, scores)
    },
    [Symbol.asyncDispose]: () => session.release(),
  }
}

interface Pair {
  ids: readonly number[]
  /** 0 for the question's tokens, 1 for the passage's. */
  types: readonly number[]
}

/** Cuts the passage, never the question, at `maxTokens`; the closing token stays. */
const encodePair = (tokenizer: Tokenizer, query: string, passage: string, maxTokens: number): Pair => {
  // Ten characters a token are more than any text has on average: the rest would be cut anyway.
  const cut = passage.slice(0, 10 * maxTokens)
  const { ids, token_type_ids: types } = tokenizer.encode(query, {
    text_pair: cut,
    return_token_type_ids: true,
  })
  if (ids.length <= maxTokens) return { ids, types }
  return { ids: [...ids.slice(0, maxTokens - 1), ids[ids.length - 1]], types: types.slice(0, maxTokens) }
}

/** Pads the pairs to one length; the mask tells the model what is padding. */
const scorePairs = async (
  runtime: OnnxRuntime,
  session: RuntimeSession,
  pairs: readonly Pair[],
): Promise<number[]> => {
  const width = Math.max(...pairs.map(({ ids }) => ids.length))
  const filled = (value: (pair: Pair, i: number) => number) =>
    runtime.tensor(
      "int64",
      BigInt64Array.from({ length: pairs.length * width }, (_, at) => {
        const pair = pairs[Math.floor(at / width)]
        return at % width < pair.ids.length ? BigInt(value(pair, at % width)) : 0n
      }),
      [pairs.length, width],
    )
  const feeds = {
    input_ids: filled(({ ids }, i) => ids[i]),
    attention_mask: filled(() => 1),
    token_type_ids: filled(({ types }, i) => types[i]),
  }
  const wanted = session.inputMetadata.map(input => [input.name, feeds[input.name as keyof typeof feeds]])
  const [output] = session.outputMetadata
  const { data } = (await session.run(Object.fromEntries(wanted), [output.name]))[output.name]
  if (data.length !== pairs.length)
    throw new RoadmapError(
      "MODEL_FORMAT",
      `The model gives ${data.length / pairs.length} numbers a pair; a cross-encoder gives one.`,
    )
  return Array.from(data, Number)
}

const openSession = async (runtime: OnnxRuntime, file: string): Promise<RuntimeSession> => {
  const bytes = await readFile(file).catch(error => {
    throw toRoadmapError(error)
  })
  const session = await runtime.open(bytes).catch(cause => {
    throw new RoadmapError("MODEL_FORMAT", `${file} is no model that onnxruntime reads.`, { cause })
  })
  const inputs = session.inputMetadata.map(input => input.name)
  const known = ["input_ids", "attention_mask", "token_type_ids"]
  if (inputs.includes("input_ids") && inputs.every(input => known.includes(input))) return session
  await session.release()
  throw new RoadmapError(
    "MODEL_FORMAT",
    `${file} has the inputs ${inputs.join(", ")}; a cross-encoder has ${known.join(", ")}.`,
  )
}

const readTokenizer = async (file: string): Promise<Tokenizer> => {
  const text = await readFile(file, "utf8").catch(error => {
    throw toRoadmapError(error)
  })
  try {
    return new Tokenizer(JSON.parse(text), {})
  } catch (cause) {
    throw new RoadmapError("FILE_CORRUPT", `${file} is no tokenizer.`, {
      hint: "Give the model's tokenizer.json.",
      cause,
    })
  }
}
