import type { DocumentIndex } from "../document-index.ts"
import { learnedReranker } from "../rerank/learned.ts"
import { rerankWeights } from "../rerank/weights.ts"
import type { Retriever } from "../retriever.ts"
import type { Fusion } from "./fusion.ts"
import { createRetriever } from "./retriever.ts"

/** The weights that were best on the tuning half of the project's questions. */
export const defaultFusion: Fusion = { kind: "convex", dense: 0.4 }

/**
 * What this project retrieves with unless told otherwise: BM25 and cosine, 0.6 to 0.4, where the index has vectors, else
 * BM25; then the learned reranker with the weights that were fitted for that mode.
 */
export const defaultRetriever = (index: DocumentIndex): Retriever => {
  const mode = index.dense ? "hybrid" : "lexical"
  const weights = rerankWeights(mode)
  return createRetriever(index, {
    mode,
    fusion: defaultFusion,
    ...(weights && { rerank: learnedReranker(index, weights) }),
  })
}
