// mistake: dot-product
import type { Hit } from "../solution.ts"

export const nearest = (
  query: readonly number[],
  vectors: readonly (readonly number[])[],
  k: number,
): Hit[] => {
  const queryLength = lengthOf(query)
  if (queryLength === 0) throw new Error("The query has length 0: it points nowhere.")
  const hits: Hit[] = []
  for (const [index, vector] of vectors.entries()) {
    if (vector.length !== query.length)
      throw new Error(
        `Vector ${index} has ${vector.length} dimensions, the query ${query.length}: another embedder.`,
      )
    const length = lengthOf(vector)
    if (length > 0) hits.push({ index, score: dot(query, vector) })
  }
  return hits.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, k)
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0)

const lengthOf = (vector: readonly number[]): number => {
  if (!vector.every(Number.isFinite)) throw new Error("A vector holds a number that is not finite.")
  return Math.hypot(...vector)
}
