import { availableParallelism } from "node:os"
import { throwIfAborted } from "@roadmap/core/async"
import { repositoryRoot } from "@roadmap/core/parts"
import type { Embedder } from "../../embedder.ts"
import { needModel } from "../../neural/place.ts"
import { batchesByLength } from "./batches.ts"
import type { ModelPlace } from "./model.ts"
import { openPool, type Pool } from "./pool.ts"

export interface MiniLmOptions {
  /** Threads, one copy of the model each (about 250 MB). Default: one a core, at most 8. */
  threads?: number
  /** Repository whose part is used. Default: this one. */
  root?: string
}

/** Tokens of one batch, padding included: enough to be efficient, few enough that a question does not wait long. */
export const batchTokens = 512
const textsOfTask = 64
/** Texts whose tokens are held at once. */
const windowTexts = 8_192

/**
 * all-MiniLM-L6-v2 in onnxruntime, in threads of its own. A text is read up to 256 tokens. Throws PART_MISSING when the
 * part neural is not installed; `embed` throws INTERRUPTED, FILE_CORRUPT and WORKER_DIED.
 */
export const miniLmEmbedder = ({ threads, root = repositoryRoot }: MiniLmOptions = {}): Embedder => {
  const { id, ...model } = needModel(root)
  const place: ModelPlace = { root, ...model }
  const pool = openPool(place, threads ?? Math.min(8, availableParallelism()))
  return {
    id,
    dimensions: place.dimensions,
    async embed(texts, signal) {
      throwIfAborted(signal)
      const vectors: Float32Array[] = []
      for (let start = 0; start < texts.length; start += windowTexts)
        vectors.push(...(await embedWindow(pool, texts.slice(start, start + windowTexts), place, signal)))
      return vectors
    },
    async [Symbol.asyncDispose]() {
      await pool.close()
    },
  }
}

const embedWindow = async (
  pool: Pool,
  texts: readonly string[],
  { dimensions }: ModelPlace,
  signal?: AbortSignal,
): Promise<Float32Array[]> => {
  const sequences = await tokenize(pool, texts, signal)
  const batches = batchesByLength(
    sequences.map(sequence => sequence.length),
    batchTokens,
  )
  const answers = await pool.run(
    batches.map(batch => ({ kind: "embed" as const, sequences: batch.map(i => sequences[i]) })),
    signal,
  )
  const vectors = new Array<Float32Array>(texts.length)
  for (const [n, batch] of batches.entries()) {
    const answer = answers[n]
    if (!("vectors" in answer)) throw new TypeError("a batch was answered with no vectors")
    for (const [row, position] of batch.entries())
      vectors[position] = answer.vectors.slice(row * dimensions, (row + 1) * dimensions)
  }
  return vectors
}

/** Token ids of every text, in order. */
export const tokenize = async (
  pool: Pool,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Int32Array[]> => {
  const parts = Array.from({ length: Math.ceil(texts.length / textsOfTask) }, (_, i) => ({
    kind: "tokens" as const,
    texts: texts.slice(i * textsOfTask, (i + 1) * textsOfTask),
  }))
  return (await pool.run(parts, signal)).flatMap(answer => ("tokens" in answer ? answer.tokens : []))
}
