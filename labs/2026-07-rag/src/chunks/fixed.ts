import { type Chunker, toChunks } from "@roadmap/rag/chunk/chunker"

/** What everybody writes first: a cut every `size` characters, wherever that is. For comparison only. */
export const fixedChunker = (size: number): Chunker => {
  const id = `fixed@1(size=${size})`
  return {
    id,
    chunk(document) {
      const { length } = document.text
      const pieces = Array.from({ length: Math.ceil(length / size) }, (_, i) => ({
        start: i * size,
        end: Math.min(length, (i + 1) * size),
      }))
      return toChunks(document, pieces, { chunker: id, context: false })
    },
  }
}
