import { breathe, throwIfAborted } from "@roadmap/core/async"
import { createRandom } from "@roadmap/core/random"
import type { Embedder } from "../src/embedder.ts"

/**
 * A stand-in for tests without the neural model: every word adds a pseudo-random direction of its own, so texts with
 * words in common are near each other. It knows nothing of meaning; figures of quality from it say nothing.
 */
export const hashingEmbedder = ({ dimensions = 64 }: { dimensions?: number } = {}): Embedder => {
  const directions = new Map<string, Float32Array>()
  const directionOf = (word: string): Float32Array => {
    const known = directions.get(word)
    if (known !== undefined) return known
    const random = createRandom(0).fork(word)
    const direction = Float32Array.from({ length: dimensions }, () => random.normal())
    directions.set(word, direction)
    return direction
  }
  const embedOne = (text: string): Float32Array => {
    const sum = new Float32Array(dimensions)
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [""])
      directionOf(word).forEach((value, i) => {
        sum[i] += value
      })
    const length = Math.hypot(...sum)
    return sum.map(value => value / length)
  }
  return {
    id: `hashing-stand-in-${dimensions}`,
    dimensions,
    async embed(texts, signal) {
      throwIfAborted(signal)
      const vectors: Float32Array[] = []
      for (const [i, text] of texts.entries()) {
        if (i % 64 === 63) await breathe(signal)
        vectors.push(embedOne(text))
      }
      return vectors
    },
    async [Symbol.asyncDispose]() {},
  }
}
