/**
 * Metrics of one ranked list. `gains` are the gains by rank, best rank first, 0 for what is of no use; `ideal` are the
 * gains of everything that could have been found, in any order. Gains are counts of needs in this project, and may be
 * grades elsewhere.
 */

/** 1 when something useful stands among the first k. */
export const hitAt = (gains: readonly number[], k: number): number =>
  gains.slice(0, k).some(gain => gain > 0) ? 1 : 0

/** Share of what could be found that the first k hold, by gain. With gains of 0 and 1 it is recall. */
export const recallAt = (gains: readonly number[], ideal: readonly number[], k: number): number =>
  sum(gains.slice(0, k)) / sum(ideal)

/** 1 / rank of the first useful one among the first k, or 0. */
export const reciprocalRankAt = (gains: readonly number[], k: number): number => {
  const first = gains.slice(0, k).findIndex(gain => gain > 0)
  return first < 0 ? 0 : 1 / (first + 1)
}

/**
 * Normalised discounted cumulated gain of the first k, with gain / log2(rank + 1) (Järvelin and Kekäläinen, ACM TOIS
 * 20(4), 2002): 1 for the best possible order.
 */
export const ndcgAt = (gains: readonly number[], ideal: readonly number[], k: number): number =>
  discounted(gains, k) /
  discounted(
    [...ideal].sort((a, b) => b - a),
    k,
  )

const discounted = (gains: readonly number[], k: number): number =>
  gains.slice(0, k).reduce((total, gain, index) => total + gain / Math.log2(index + 2), 0)

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

export interface RetrievalScores {
  "hit@1": number
  "hit@5": number
  "recall@5": number
  "recall@10": number
  "mrr@10": number
  "ndcg@10": number
}

export type RetrievalMetric = keyof RetrievalScores

/** All metrics of one question's list; `needs` is how many facts the question asks for. */
export const retrievalScores = (gains: readonly number[], needs: number): RetrievalScores => {
  const ideal = Array<number>(needs).fill(1)
  return {
    "hit@1": hitAt(gains, 1),
    "hit@5": hitAt(gains, 5),
    "recall@5": recallAt(gains, ideal, 5),
    "recall@10": recallAt(gains, ideal, 10),
    "mrr@10": reciprocalRankAt(gains, 10),
    "ndcg@10": Math.min(1, ndcgAt(gains, ideal, 10)),
  }
}
