import type { LexicalIndex } from "../document-index.ts"
import type { Reranker } from "../retriever.ts"
import { featureNames, rerankFeatures } from "./features.ts"
import { inNewOrder } from "./order.ts"
import type { RerankWeights } from "./weights.ts"

/** Orders passages by a weighted sum of features that are scaled within the question (see fit.ts). */
export const learnedReranker = (
  index: { readonly lexical: LexicalIndex },
  { weights }: RerankWeights,
): Reranker => {
  const inOrder = featureNames.map(name => weights[name] ?? 0)
  return {
    name: "learned",
    async rerank(query, passages) {
      if (passages.length === 0) return []
      const scores = rerankFeatures(query, passages, index.lexical).map(row =>
        row.reduce((sum, value, i) => sum + value * inOrder[i], 0),
      )
      return inNewOrder(passages, scores)
    },
  }
}
