import type { Retrieved } from "../retriever.ts"

/** The passages by new scores, best first; equal ones keep their order. */
export const inNewOrder = (passages: readonly Retrieved[], scores: ArrayLike<number>): Retrieved[] =>
  passages
    .map(
      (passage, i): Retrieved => ({
        ...passage,
        score: scores[i],
        scores: { ...passage.scores, rerank: scores[i] },
      }),
    )
    .sort((a, b) => b.score - a.score)
