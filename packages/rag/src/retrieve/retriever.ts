import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { DocumentIndex } from "../document-index.ts"
import type { Reranker, Retrieved, RetrieveOptions, Retriever, Scores } from "../retriever.ts"
import { type Fusion, fuse, type RankedList } from "./fusion.ts"
import { maximalMarginalRelevance } from "./mmr.ts"
import { expandToParents } from "./parents.ts"

export type RetrievalMode = "lexical" | "dense" | "hybrid"

export interface RetrieverOptions {
  mode: RetrievalMode
  /** How rankings become one. Default reciprocal rank fusion. */
  fusion?: Fusion
  rerank?: Reranker
  /** Passages that are reranked or chosen from. Default 50. */
  candidates?: number
  /** Choose passages that also differ from each other; `lambda` 1 looks at relevance alone, 0 at difference alone. */
  mmr?: { lambda: number }
  /** Give the parent chunk instead of the one that was found. */
  parents?: boolean
  /** Other ways to ask the question: each is searched for as well, and all lists are fused. */
  rewrite?: (query: string, signal?: AbortSignal) => Promise<readonly string[]> | readonly string[]
}

/** Hits of one list: more than the candidates, so that most of them have the score of both ways. */
const depth = 200
/** Windows that are looked at for each chunk wanted. */
const windowsOfHit = 3
const mostRewrites = 8

/**
 * Retrieval over an index: BM25, cosine or both, fused; then, if asked for, reranked, made different from each other, and
 * widened to their parents. Equal scores come in order of id: the same index and question give the same list. Throws
 * PART_MISSING where `mode` needs vectors and the index has none; `retrieve` throws INVALID_INPUT and what store, embedder
 * and reranker throw.
 */
export const createRetriever = (index: DocumentIndex, options: RetrieverOptions): Retriever => {
  const { mode, fusion = { kind: "rrf" }, rerank, mmr, parents = false, rewrite } = options
  const { candidates = 50 } = options
  if (mode !== "lexical" && !index.dense)
    throw new RoadmapError(
      "PART_MISSING",
      `The index "${index.name}" has no vectors; "${mode}" retrieval needs them.`,
      {
        hint: "Install the embedding model (roadmap setup neural) and index again, or use lexical retrieval.",
      },
    )
  const name = [
    mode === "hybrid" ? `hybrid(${fusion.kind === "rrf" ? "rrf" : `convex ${fusion.dense}`})` : mode,
    ...(rewrite ? ["multi-query"] : []),
    ...(rerank ? [`rerank(${rerank.name})`] : []),
    ...(mmr ? [`mmr(${mmr.lambda})`] : []),
    ...(parents ? ["parents"] : []),
  ].join(" + ")

  const rankings = async (query: string, asked: RetrieveOptions): Promise<RankedList[]> => {
    const { filter, signal, timings } = asked
    const k = Math.max(depth, asked.k, candidates)
    const lists: RankedList[] = []
    if (mode !== "dense")
      lists.push({
        way: "bm25",
        hits: await timed(timings, "retrieve", () =>
          index.lexical.search(query, { k, ...(filter && { filter }) }),
        ),
      })
    if (mode !== "lexical" && index.dense) {
      const { embedder, store } = index.dense
      const [vector] = await timed(timings, "embed", () => embedder.embed([query], signal))
      const search = () =>
        store.search(vector, { k: windowsOfHit * k, ...(filter && { filter }), ...(signal && { signal }) })
      lists.push({ way: "dense", hits: bestOfWindows(await timed(timings, "retrieve", search)).slice(0, k) })
    }
    return lists
  }

  return {
    name,
    async retrieve(query, asked) {
      const { k, signal, timings } = asked
      checkQuestion(query, k)
      throwIfAborted(signal)
      const others = rewrite ? await timed(timings, "rewrite", () => rewrite(query, signal)) : []
      const queries = [...new Set([query, ...others])].slice(0, 1 + mostRewrites)
      const lists: RankedList[] = []
      for (const each of queries) lists.push(...(await rankings(each, asked)))
      const merged = merge(lists, mode === "hybrid" || queries.length > 1 ? fusion : undefined)
      const pool = merged.slice(0, rerank || mmr || parents ? Math.max(candidates, k) : k)
      const chunks = new Map(
        (await timed(timings, "retrieve", () => index.chunks(pool.map(({ id }) => id)))).map(chunk => [
          chunk.id,
          chunk,
        ]),
      )
      // A chunk that was deleted since the search is left out.
      let passages = pool.flatMap(({ id, score, scores }): Retrieved[] => {
        const chunk = chunks.get(id)
        return chunk ? [{ chunk, score, scores }] : []
      })
      if (rerank) passages = await timed(timings, "rerank", () => rerank.rerank(query, passages, signal))
      if (parents) passages = await expandToParents(index, passages)
      if (mmr) passages = maximalMarginalRelevance(passages, { k, lambda: mmr.lambda })
      throwIfAborted(signal)
      return passages.slice(0, k)
    },
  }
}

/** A chunk has a vector for each window of its text, `<chunk id>#<number>`, or one of its own id; its best one counts. */
const bestOfWindows = (hits: readonly { id: string; score: number }[]): { id: string; score: number }[] => {
  const best = new Map<string, number>()
  for (const { id, score } of hits) {
    const chunk = id.split("#", 1)[0]
    if (!best.has(chunk)) best.set(chunk, score)
  }
  return Array.from(best, ([id, score]) => ({ id, score }))
}

interface Merged {
  id: string
  score: number
  scores: Scores
}

/** All hits, best first, with each way's best score and rank. Without `fusion` there is one list, whose scores stay. */
const merge = (lists: readonly RankedList[], fusion: Fusion | undefined): Merged[] => {
  const scores = new Map<string, Scores>()
  for (const { way, hits } of lists)
    for (const [i, { id, score }] of hits.entries()) {
      const known = scores.get(id) ?? {}
      scores.set(id, known)
      const [value, rank] =
        way === "bm25" ? (["bm25", "bm25Rank"] as const) : (["dense", "denseRank"] as const)
      known[value] = Math.max(score, known[value] ?? -Infinity)
      known[rank] = Math.min(i + 1, known[rank] ?? Infinity)
    }
  const fused = fusion ? fuse(lists, fusion) : undefined
  return Array.from(scores, ([id, each]): Merged => {
    if (!fused) return { id, score: each.bm25 ?? each.dense ?? 0, scores: each }
    const score = fused.get(id)!
    return { id, score, scores: { ...each, fused: score } }
  }).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
}

const checkQuestion = (query: string, k: number): void => {
  if (query.trim() === "")
    throw new RoadmapError("INVALID_INPUT", "The question is empty.", { hint: "Ask something." })
  if (!Number.isInteger(k) || k < 1 || k > mostPassages)
    throw new RoadmapError("INVALID_INPUT", `k = ${k} is out of range: expected 1 to ${mostPassages}, whole.`)
}

const mostPassages = 1_000

/** Adds the milliseconds of the work to `timings[stage]`. */
const timed = async <T>(
  timings: Record<string, number> | undefined,
  stage: string,
  work: () => Promise<T> | T,
): Promise<T> => {
  const started = performance.now()
  try {
    return await work()
  } finally {
    if (timings) timings[stage] = (timings[stage] ?? 0) + performance.now() - started
  }
}
