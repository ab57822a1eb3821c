import { type Chunker, characters, type Measure, toChunks, trimmed } from "./chunker.ts"
import { atSentences, atWords, type Range, splitRange } from "./split.ts"

export interface SentenceOptions {
  /** Most that a chunk holds, by `measure`. Default 1,200; 1 gives a chunk a sentence cut into words when it must. */
  size?: number
  /** Put the title before the text for indexing. Default true. */
  context?: boolean
  measure?: Measure
}

/** Whole sentences, as many as fit; a sentence that is longer is cut between words. For prose. */
export const sentenceChunker = (options: SentenceOptions = {}): Chunker => {
  const { size = 1_200, context = true, measure = characters } = options
  const id = `sentence@1(size=${size},measure=${measure.name},context=${context ? "on" : "off"})`
  return {
    id,
    chunk: document => {
      const whole = { start: 0, end: document.text.length }
      const pieces = splitRange(document.text, whole, { size, measure, cuts: [atSentences, atWords] })
      return toChunks(document, pieces, { chunker: id, context })
    },
  }
}

/** The sentences of a text as spans, without the white space between them. */
export const sentences = (text: string): Range[] => {
  const edges = [0, ...atSentences(text, { start: 0, end: text.length }), text.length]
  return edges.slice(0, -1).flatMap((start, i) => {
    const span = trimmed(text, { start, end: edges[i + 1] })
    return span.end > span.start ? [span] : []
  })
}
