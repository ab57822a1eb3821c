import type { Chunk } from "./chunk.ts"
import type { Filter } from "./filter.ts"

/** Finds the passages of an index that a question is about. */
export interface Retriever {
  /** What it does, for reports: "hybrid(rrf) + rerank(learned)". */
  readonly name: string
  retrieve(query: string, options: RetrieveOptions): Promise<Retrieved[]>
}

export interface RetrieveOptions {
  k: number
  filter?: Filter
  signal?: AbortSignal
  /** Milliseconds are added here by stage: embed, retrieve, rerank. */
  timings?: Record<string, number>
}

export interface Retrieved {
  chunk: Chunk
  /** The score that ordered the list; comparable within one list only. */
  score: number
  scores: Scores
}

/** Each way's own figure; absent when that way did not find the chunk. Ranks begin with 1. */
export interface Scores {
  bm25?: number
  bm25Rank?: number
  /** Cosine. */
  dense?: number
  denseRank?: number
  fused?: number
  rerank?: number
}

/** Puts passages into a better order. Returns a permutation of what it gets, with `scores.rerank` set. */
export interface Reranker {
  readonly name: string
  rerank(query: string, passages: readonly Retrieved[], signal?: AbortSignal): Promise<Retrieved[]>
}
