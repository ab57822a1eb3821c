import type { Filter, Filterable } from "./filter.ts"

/** Port: vectors by id, found by cosine. Ids are idempotent keys: a second upsert of an id replaces the first. */
export interface VectorStore {
  /** Name of the adapter: "embedded", "pgvector", "qdrant". */
  readonly kind: string
  readonly dimensions: number
  /** All records or none of a call. Throws INVALID_INPUT for a vector of other dimensions, not finite or of length 0. */
  upsert(records: readonly VectorRecord[], signal?: AbortSignal): Promise<void>
  /** At most k hits, best first; equal scores in order of id. Only records that fit the filter count towards k. */
  search(vector: Float32Array, options: VectorSearch): Promise<VectorHit[]>
  /** Unknown ids are not an error. */
  delete(ids: readonly string[], signal?: AbortSignal): Promise<void>
  count(filter?: Filter): Promise<number>
  /** Ids there, in any order, for checks of what an index and a store have in common. */
  ids(signal?: AbortSignal): AsyncIterable<string>
  [Symbol.asyncDispose](): Promise<void>
}

export interface VectorRecord {
  id: string
  /** Normalised by the store. */
  vector: Float32Array
  metadata: Filterable
}

export interface VectorSearch {
  k: number
  filter?: Filter
  /** True: every vector is compared. Default false: the store's approximate index may be used. */
  exact?: boolean
  signal?: AbortSignal
}

export interface VectorHit {
  id: string
  /** Cosine, -1 to 1. */
  score: number
}
