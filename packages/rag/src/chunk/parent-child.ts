import type { Chunk } from "../chunk.ts"
import type { Chunker } from "./chunker.ts"

/**
 * Small chunks to find, large ones to read: every chunk of `child` gets the id of the chunk of `parent` that holds its
 * first character. An index stores both and searches the children alone.
 */
export const parentChildChunker = ({ parent, child }: { parent: Chunker; child: Chunker }): Chunker => {
  const id = `parent-child@1(parent=${parent.id},child=${child.id})`
  return {
    id,
    chunk(document) {
      const parents = parent.chunk(document).map(chunk => ({ ...chunk, id: `p${chunk.id.slice(1)}` }))
      let at = 0
      const children = child.chunk(document).map((chunk): Chunk => {
        while (at < parents.length - 1 && parents[at + 1].start <= chunk.start) at++
        const holds = parents[at] && parents[at].start <= chunk.start && chunk.start < parents[at].end
        return holds ? { ...chunk, parentId: parents[at].id } : chunk
      })
      return [...parents, ...children]
    },
  }
}

/** Chunks that are not found but read: those that others name as their parent. */
export const parentIds = (chunks: readonly Chunk[]): ReadonlySet<string> =>
  new Set(chunks.flatMap(chunk => (chunk.parentId ? [chunk.parentId] : [])))
