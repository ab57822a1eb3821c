import type { Embedder } from "@roadmap/llm/embedder"
import { markdownChunker } from "../../src/chunk/markdown.ts"
import type { Chunk } from "../../src/chunk.ts"
import type { Document } from "../../src/document.ts"
import type { DocumentIndex, LexicalIndex } from "../../src/document-index.ts"
import { terms } from "../../src/lexical/analyze.ts"
import { createDocument } from "../../src/load/document.ts"
import type { Retrieved, Retriever } from "../../src/retriever.ts"

/** A small index in memory for tests of answers: BM25 by its formula, every chunk compared. */
export const memoryIndex = (documents: readonly Document[], embedder?: Embedder): MemoryIndex => {
  const chunker = markdownChunker()
  const byId = new Map(documents.map(document => [document.id, document]))
  const all = documents.flatMap(document => chunker.chunk(document))
  const byChunk = new Map(all.map(chunk => [chunk.id, chunk]))
  const bySource: Record<string, { documents: number; chunks: number }> = {}
  for (const { source } of documents) {
    bySource[source] ??= { documents: 0, chunks: 0 }
    bySource[source].documents++
  }
  for (const { source } of all) bySource[source].chunks++
  return {
    name: "memory",
    binding: { embedder: embedder?.id ?? "none", dimensions: embedder?.dimensions ?? 0, chunker: chunker.id },
    all,
    replace: document => {
      byId.set(document.id, document)
    },
    document: async id => byId.get(id),
    documents: async () => [],
    chunks: async ids => ids.flatMap(id => byChunk.get(id) ?? []),
    lexical: bm25(all),
    // No test of answers searches vectors: what is compared are sentences.
    ...(embedder && { dense: { store: undefined as never, embedder } }),
    stats: async () => ({ documents: byId.size, chunks: all.length, vectors: 0, bySource }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

export interface MemoryIndex extends DocumentIndex {
  all: readonly Chunk[]
  /** Another text under the same id, as when a document changes after it was indexed. */
  replace(document: Document): void
}

const bm25 = (chunks: readonly Chunk[]): LexicalIndex => {
  const counts = chunks.map(chunk => {
    const count = new Map<string, number>()
    for (const term of terms(`${chunk.context}\n${chunk.text}`)) count.set(term, (count.get(term) ?? 0) + 1)
    return count
  })
  const frequency = new Map<string, number>()
  for (const count of counts)
    for (const term of count.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1)
  const lengths = counts.map(count => [...count.values()].reduce((sum, n) => sum + n, 0))
  const meanLength = lengths.reduce((sum, n) => sum + n, 0) / Math.max(1, lengths.length)
  const idf = (term: string) => {
    const df = frequency.get(term) ?? 0
    return Math.log(1 + (chunks.length - df + 0.5) / (df + 0.5))
  }
  return {
    search: (query, { k }) =>
      counts
        .map((count, i) => ({
          id: chunks[i].id,
          score: [...new Set(terms(query))].reduce((sum, term) => {
            const tf = count.get(term) ?? 0
            return sum + (idf(term) * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * lengths[i]) / meanLength))
          }, 0),
        }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
        .slice(0, k),
    terms: query =>
      [...new Set(terms(query))].map(term => ({ term, idf: idf(term), df: frequency.get(term) ?? 0 })),
  }
}

/** BM25 alone, in its order. */
export const memoryRetriever = (index: DocumentIndex): Retriever => ({
  name: "lexical",
  async retrieve(query, { k }) {
    const hits = index.lexical.search(query, { k })
    const chunks = await index.chunks(hits.map(({ id }) => id))
    return hits.map(
      ({ score }, i): Retrieved => ({ chunk: chunks[i], score, scores: { bm25: score, bm25Rank: i + 1 } }),
    )
  },
})

export const markdown = (path: string, text: string): Document => {
  const [source] = path.split("/")
  const title = /^# (.*)$/m.exec(text)?.[1] ?? path
  return createDocument({ id: path, source, uri: `docs/${path}`, title, format: "markdown", text })
}
