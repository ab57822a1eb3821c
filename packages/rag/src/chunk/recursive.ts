import type { Chunk } from "../chunk.ts"
import type { Document } from "../document.ts"
import { type Chunker, characters, type Measure, toChunks } from "./chunker.ts"
import { atLines, atParagraphs, atSentences, atWords, type Range, splitRange } from "./split.ts"

export interface RecursiveOptions {
  /** Most that a chunk holds, by `measure`. Default 1,200. */
  size?: number
  /** How much of the end of a chunk the next one begins with, at most, in whole words. Default 0. */
  overlap?: number
  /** Put the title before the text for indexing. Default true. */
  context?: boolean
  measure?: Measure
}

/** Any text: cut at blank lines, else line ends, else sentences, else words, else anywhere. */
export const recursiveChunker = (options: RecursiveOptions = {}): Chunker => {
  const { size = 1_200, overlap = 0, context = true, measure = characters } = options
  const id = `recursive@1(size=${size},overlap=${overlap},measure=${measure.name},context=${context ? "on" : "off"})`
  const cuts = [atParagraphs, atLines, atSentences, atWords]
  return {
    id,
    chunk(document: Document): Chunk[] {
      const { text } = document
      const whole = { start: 0, end: text.length }
      const parts = splitRange(text, whole, { size: Math.max(1, size - overlap), measure, cuts })
      const pieces =
        overlap > 0 ? parts.map((part, i) => withOverlap(text, part, parts[i - 1], overlap, measure)) : parts
      return toChunks(document, pieces, { chunker: id, context })
    },
  }
}

/** The part, begun earlier by the last words of the part before it, as many as fit. */
const withOverlap = (
  text: string,
  part: Range,
  before: Range | undefined,
  overlap: number,
  measure: Measure,
): Range => {
  if (!before) return part
  for (const start of [before.start, ...atWords(text, before)])
    if (measure.of(text.slice(start, part.start)) <= overlap) return { start, end: part.end }
  return part
}
