import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import type { Embedder } from "@roadmap/llm/embedder"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import type { Source } from "@roadmap/rag/load/source"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import { openVectorStore } from "@roadmap/rag/vector-store/open"

/** An index made for an evaluation. */
export interface EvaluatedIndex extends AsyncDisposable {
  index: WritableIndex
}

/**
 * Indexes sources below `state/rag` of the home under a name of its own, so that no evaluation touches the index that
 * people ask. What did not change since the last time is not embedded again.
 */
export const openEvaluatedIndex = async (
  config: Config,
  options: {
    name: string
    sources: readonly Source[]
    embedder?: Embedder
    /** Title and headings path before each passage, for indexing. Default true. */
    context?: boolean
    signal?: AbortSignal
    onProgress?: (progress: { what: string; done: number }) => void
  },
): Promise<EvaluatedIndex> => {
  const { sources, embedder, context = true, signal } = options
  const name = `evaluation-${options.name}${embedder ? "-dense" : ""}${context ? "" : "-no-headers"}`
  const folder = join(config.home, "state", "rag", name)
  await using stack = new AsyncDisposableStack()
  const vectorStore =
    embedder && stack.use(await openVectorStore(config, { name, dimensions: embedder.dimensions, folder }))
  const chunker = markdownChunker({ context })
  const index = stack.use(
    await openDocumentIndex(folder, { name, chunker, ...(embedder && { embedder, vectorStore }) }),
  )
  await indexSources(index, sources, {
    signal,
    onProgress: ({ chunks }) => options.onProgress?.({ what: `indexing ${name}, passages`, done: chunks }),
  })
  const open = stack.move()
  return { index, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
