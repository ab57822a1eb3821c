import type { Embedder } from "@roadmap/llm/embedder"
import type { Chunk } from "./chunk.ts"
import type { Document } from "./document.ts"
import type { Filter } from "./filter.ts"
import type { VectorStore } from "./vector-store.ts"

/**
 * What indexing makes and retrieval reads: documents, chunks, a lexical index, and vectors where there is an embedder.
 * It is bound to one embedder and one chunker version: opening it with others throws IMMUTABLE, which names the command
 * that rebuilds it.
 */
export interface DocumentIndex {
  readonly name: string
  readonly binding: IndexBinding
  document(id: string): Promise<Document | undefined>
  /** In the order of the ids; unknown ids are left out. */
  chunks(ids: readonly string[]): Promise<Chunk[]>
  /** Documents in the order of their ids, from the one after `after` on. At most `limit`, default 100. */
  documents(options?: { source?: string; after?: string; limit?: number }): Promise<DocumentSummary[]>
  /** Always the newest whole state: what an indexer has committed, in this process or another, is found. */
  readonly lexical: LexicalIndex
  /** Absent when there is no embedder: then lexical search is all there is. */
  readonly dense?: { store: VectorStore; embedder: Embedder }
  stats(): Promise<IndexStats>
  [Symbol.asyncDispose](): Promise<void>
}

export interface DocumentSummary {
  id: string
  source: string
  uri: string
  title: string
  format: Document["format"]
  /** Characters (code points) of its text. */
  length: number
  chunks: number
}

export interface IndexBinding {
  /** "none" without dense vectors. */
  embedder: string
  dimensions: number
  /**
   * Name and version of the chunker with its parameters: "markdown@1(size=1200,…)", and of the windows that are
   * embedded, where there is an embedder.
   */
  chunker: string
}

export interface IndexStats {
  documents: number
  chunks: number
  vectors: number
  bySource: Record<string, { documents: number; chunks: number }>
}

/** BM25 over the chunks. */
export interface LexicalIndex {
  search(query: string, options: { k: number; filter?: Filter }): LexicalHit[]
  /**
   * Each term of the query that counts, once, after stop words and stemming: how many chunks have it and its inverse
   * document frequency. Terms that no chunk has are among them, with `df` 0 and the highest idf.
   */
  terms(query: string): { term: string; idf: number; df: number }[]
}

export interface LexicalHit {
  id: string
  score: number
}
