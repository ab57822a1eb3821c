import { availableParallelism } from "node:os"
import { repositoryRoot } from "@roadmap/core/parts"
import { batchesByLength } from "../adapters/minilm/batches.ts"
import { batchTokens, tokenize } from "../adapters/minilm/embedder.ts"
import { openPool } from "../adapters/minilm/pool.ts"
import { needModel } from "./place.ts"

export interface RawRate {
  texts: number
  tokens: number
  seconds: number
  textsPerSecond: number
  tokensPerSecond: number
}

/**
 * How fast the model itself is on these texts: tokenised and batched beforehand, no pooling, nothing stored. What
 * indexing reaches of this rate tells how much of its time the rest takes. Throws as the embedder does.
 */
export const measureRawRate = async (
  texts: readonly string[],
  { threads, signal }: { threads?: number; signal?: AbortSignal } = {},
): Promise<RawRate> => {
  const { id: _, ...model } = needModel()
  const size = threads ?? Math.min(8, availableParallelism())
  const pool = openPool({ root: repositoryRoot, ...model }, size)
  try {
    const sequences = await tokenize(pool, texts, signal)
    const lengths = sequences.map(({ length }) => length)
    const work = batchesByLength(lengths, batchTokens).map(batch => ({
      kind: "run" as const,
      sequences: batch.map(i => sequences[i]),
    }))
    // Warm: every worker has loaded its model and run once.
    await pool.run(work.slice(-2 * size), signal)
    const started = performance.now()
    await pool.run(work, signal)
    const seconds = (performance.now() - started) / 1000
    const tokens = lengths.reduce((sum, length) => sum + length, 0)
    return {
      texts: texts.length,
      tokens,
      seconds,
      textsPerSecond: texts.length / seconds,
      tokensPerSecond: tokens / seconds,
    }
  } finally {
    await pool.close()
  }
}
