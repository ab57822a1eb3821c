import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { lockFile } from "@roadmap/core/lock-file"
import type { Embedder } from "@roadmap/llm/embedder"
import type { StateFile } from "@roadmap/tracking/state-file"
import type { Chunker } from "../chunk/chunker.ts"
import { windowsId } from "../chunk/windows.ts"
import type { Chunk } from "../chunk.ts"
import type { DocumentIndex, IndexBinding } from "../document-index.ts"
import { type Bm25Parameters, defaultBm25 } from "../lexical/bm25.ts"
import type { VectorStore } from "../vector-store.ts"
import { chunksOfDocument, readChunks, readDocument, readStats, readSummaries } from "./records.ts"
import { openIndexFile } from "./schema.ts"
import { type LexicalSegments, lexicalSegments } from "./segments.ts"

export interface OpenOptions {
  /** For messages and reports. Default: the folder's name. */
  name?: string
  chunker: Chunker
  /** With a vector store; both or neither. */
  embedder?: Embedder
  vectorStore?: VectorStore
  /** Weights of lexical search; they may change from one opening to the next. */
  bm25?: Partial<Bm25Parameters>
  /** Empty the index first, whatever it was built with. */
  rebuild?: boolean
}

/** A DocumentIndex that indexSources can write. */
export interface WritableIndex extends DocumentIndex {
  readonly folder: string
  readonly chunker: Chunker
  /** Chunks of a document in their order, parents among them. */
  chunksOf(documentId: string): Promise<Chunk[]>
  /** The index's own parts, for the indexer. */
  readonly parts: { file: StateFile; lexical: LexicalSegments }
}

/**
 * Opens the index in `folder`, or makes an empty one. Any number of processes may read while one writes. Embedder and
 * vector store stay the caller's to close. Throws IMMUTABLE when the index was built with another embedder or chunker,
 * INVALID_INPUT for an embedder without a vector store of its dimensions, and what an unreadable file deserves:
 * STATE_CORRUPT, STATE_VERSION, PERMISSION; STATE_LOCKED when a rebuild meets an indexer at work.
 */
export const openDocumentIndex = async (folder: string, options: OpenOptions): Promise<WritableIndex> => {
  const { chunker, embedder, vectorStore, rebuild = false } = options
  checkDense(embedder, vectorStore)
  const name = options.name ?? folder.split(/[\\/]/).at(-1)!
  const binding: IndexBinding = {
    embedder: embedder?.id ?? "none",
    dimensions: embedder?.dimensions ?? 0,
    chunker: embedder ? `${chunker.id}+${windowsId}` : chunker.id,
  }
  const file = openIndexFile(join(folder, "documents.sqlite"))
  try {
    const lexical = lexicalSegments(file, { ...defaultBm25, ...options.bm25 })
    if (rebuild) {
      using _ = lockIndex(folder, name)
      await emptyIndex(file, lexical, vectorStore)
    }
    bind(file, name, binding)
    return {
      name,
      folder,
      binding,
      chunker,
      document: async id => readDocument(file, id),
      chunks: async ids => readChunks(file, ids),
      chunksOf: async id => chunksOfDocument(file, id),
      documents: async (given = {}) => readSummaries(file, given),
      lexical: lexical.reader,
      ...(embedder && vectorStore && { dense: { store: vectorStore, embedder } }),
      stats: async () => readStats(file),
      parts: { file, lexical },
      [Symbol.asyncDispose]: async () => file.close(),
    }
  } catch (error) {
    file.close()
    throw error
  }
}

/** One indexer an index. Throws STATE_LOCKED when another is at work. */
export const lockIndex = (folder: string, name: string): Disposable =>
  lockFile(join(folder, "index.lock"), {
    waitMs: 0,
    busy: `Another process is indexing ${name}.`,
    hint: "Wait for it or stop it. Searching goes on meanwhile.",
  })

const checkDense = (embedder: Embedder | undefined, store: VectorStore | undefined): void => {
  if (embedder && store && embedder.dimensions === store.dimensions) return
  if (!embedder && !store) return
  throw new RoadmapError(
    "INVALID_INPUT",
    `An index needs an embedder and a vector store of the same dimensions, or neither; given: ${embedder?.dimensions ?? "none"} and ${store?.dimensions ?? "none"}.`,
  )
}

/** The first opening says what the index is built with; later ones must agree. */
const bind = (file: StateFile, name: string, binding: IndexBinding): void => {
  const wanted = JSON.stringify(binding)
  const found = file.get<{ value: string }>("select value from facts where name = 'binding'")?.value
  if (found === wanted) return
  if (found === undefined) {
    file.write(() => file.run("insert or ignore into facts values ('binding', ?)", wanted))
    bind(file, name, binding)
    return
  }
  const built: IndexBinding = JSON.parse(found)
  const differs = built.embedder === binding.embedder ? "chunker" : "embedder"
  throw new RoadmapError(
    "IMMUTABLE",
    `The index ${name} was built with the ${differs} ${built[differs]}, not with ${binding[differs]}.`,
    { hint: "Build it again: roadmap ask --rebuild." },
  )
}

const emptyIndex = async (
  file: StateFile,
  lexical: LexicalSegments,
  store: VectorStore | undefined,
): Promise<void> => {
  lexical.write(() => {
    for (const table of ["documents", "chunks", "vectors", "embeddings", "vector_changes"])
      file.run(`delete from ${table}`)
    file.run("delete from facts where name = 'binding'")
    lexical.clear()
  })
  if (!store) return
  let ids: string[] = []
  for await (const id of store.ids()) {
    ids.push(id)
    if (ids.length < 1_000) continue
    await store.delete(ids)
    ids = []
  }
  if (ids.length > 0) await store.delete(ids)
}
