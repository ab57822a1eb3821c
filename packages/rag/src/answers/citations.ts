import type { Citation } from "../answer.ts"
import type { Chunk } from "../chunk.ts"
import type { DocumentIndex } from "../document-index.ts"

export interface Span {
  chunk: Chunk
  /** Of `chunk.text`. */
  start: number
  end: number
}

/** Gives spans their numbers, and lets none out that is not in its document. */
export interface Citations {
  readonly all: readonly Citation[]
  readonly dropped: number
  /**
   * The citation of a span and whether it is new; a span cited before keeps its number. Undefined when its document, as
   * the index has it, does not hold this text at this place.
   */
  cite(span: Span): Promise<{ citation: Citation; isNew: boolean } | undefined>
}

export const createCitations = (index: Pick<DocumentIndex, "document">): Citations => {
  const all: Citation[] = []
  const known = new Map<string, Citation>()
  let dropped = 0
  return {
    all,
    get dropped() {
      return dropped
    },
    async cite({ chunk, start, end }) {
      const key = `${chunk.documentId}\0${chunk.start + start}\0${chunk.start + end}`
      const before = known.get(key)
      if (before) return { citation: before, isNew: false }
      const quote = chunk.text.slice(start, end)
      const document = await index.document(chunk.documentId)
      if (quote === "" || document?.text.slice(chunk.start + start, chunk.start + end) !== quote) {
        dropped++
        return undefined
      }
      const { documentId, uri, title, headings } = chunk
      const citation: Citation = {
        marker: all.length + 1,
        chunkId: chunk.id,
        documentId,
        uri,
        title,
        headings,
        start: chunk.start + start,
        end: chunk.start + end,
        quote,
      }
      known.set(key, citation)
      all.push(citation)
      return { citation, isNew: true }
    },
  }
}
