import type { Metadata } from "./document.ts"

/** A piece of a document that is found and cited as one. */
export interface Chunk {
  /** Stable: hash of document id, chunker and text. The same text at the same place in a new version keeps its id. */
  id: string
  documentId: string
  source: string
  uri: string
  title: string
  /** Headings above it, outermost first. */
  headings: readonly string[]
  /** `document.text.slice(start, end)`, always: what is cited is there. */
  text: string
  start: number
  end: number
  /** What is indexed and embedded before the text and never cited: title, headings path. Empty when not asked for. */
  context: string
  /** Chunk of the parent-child chunker that holds this one. */
  parentId?: string
  metadata: Metadata
}
