import { terms } from "../lexical/analyze.ts"
import type { Retrieved } from "../retriever.ts"

/**
 * Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): the next passage is the one with the best
 * lambda x relevance - (1 - lambda) x likeness to those already chosen. Relevance is the score scaled to 0..1 within
 * the list; likeness is the share of terms in common (Jaccard), so that it needs no vectors. Equal values keep their order.
 */
export const maximalMarginalRelevance = (
  passages: readonly Retrieved[],
  { k, lambda }: { k: number; lambda: number },
): Retrieved[] => {
  const scores = passages.map(({ score }) => score)
  const low = Math.min(...scores)
  const range = Math.max(...scores) - low || 1
  const termsOf = passages.map(({ chunk }) => new Set(terms(chunk.text)))
  const nearest = passages.map(() => 0)
  const chosen: number[] = []
  const open = new Set(passages.keys())
  while (chosen.length < k && open.size > 0) {
    let best = -1
    let bestValue = -Infinity
    for (const i of open) {
      const value = (lambda * (scores[i] - low)) / range - (1 - lambda) * nearest[i]
      if (value > bestValue) {
        best = i
        bestValue = value
      }
    }
    open.delete(best)
    chosen.push(best)
    for (const i of open) nearest[i] = Math.max(nearest[i], jaccard(termsOf[best], termsOf[i]))
  }
  return chosen.map(i => passages[i])
}

const jaccard = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  let common = 0
  for (const term of a) if (b.has(term)) common++
  return common === 0 ? 0 : common / (a.size + b.size - common)
}
