import { sha256 } from "@roadmap/core/hash"
import type { Chunk } from "../chunk.ts"
import type { Document, Metadata } from "../document.ts"

/** Cuts a document into chunks. Pure: the same document gives the same chunks. */
export interface Chunker {
  /** Name and version with the parameters: "markdown@1(size=1200,context=on)". An index is bound to it. */
  readonly id: string
  chunk(document: Document): Chunk[]
}

/** Size of a text, in the unit that a chunker's `size` counts. Default: characters (UTF-16 units). */
export interface Measure {
  /** For the chunker's id: "characters", or the tokeniser's name. */
  readonly name: string
  of(text: string): number
}

export const characters: Measure = { name: "characters", of: text => text.length }

/** A span of a document's text that is to be a chunk. */
export interface Piece {
  start: number
  end: number
  headings?: readonly string[]
  /** What the text needs to be understood and stands elsewhere: the header of a cut table. */
  lead?: string
}

/**
 * Chunks of the pieces of a document: edges without white space, ids, context. A piece without a letter or digit is
 * dropped. Texts that occur twice in a document are numbered, so that their ids differ.
 */
export const toChunks = (
  document: Document,
  pieces: readonly Piece[],
  options: { chunker: string; context: boolean },
): Chunk[] => {
  const seen = new Map<string, number>()
  const pages = pageStartsOf(document.metadata)
  const { pageStarts: _, ...metadata } = document.metadata
  return pieces.flatMap(piece => {
    const { start, end } = trimmed(document.text, piece)
    const text = document.text.slice(start, end)
    if (!/[\p{L}\p{N}]/u.test(text)) return []
    const occurrence = seen.get(text) ?? 0
    seen.set(text, occurrence + 1)
    const headings = piece.headings ?? []
    return {
      id: sha256([document.id, options.chunker, text, occurrence].join("\0")).slice(0, 32),
      documentId: document.id,
      source: document.source,
      uri: document.uri,
      title: document.title,
      headings,
      text,
      start,
      end,
      context: contextOf(document.title, headings, piece.lead, options.context),
      metadata: pages ? { ...metadata, page: pageAt(pages, start) } : metadata,
    }
  })
}

/** The span without the white space at its edges. */
export const trimmed = (
  text: string,
  span: { start: number; end: number },
): { start: number; end: number } => {
  let { start, end } = span
  while (start < end && isSpace(text[start])) start++
  while (end > start && isSpace(text[end - 1])) end--
  return { start, end }
}

const isSpace = (character: string): boolean => /\s/.test(character)

/** "Server > trustProxy": a heading that repeats what stands before it is left out. */
const contextOf = (
  title: string,
  headings: readonly string[],
  lead: string | undefined,
  asked: boolean,
): string => {
  const path = [title, ...headings].filter((each, at, all) => each !== all[at - 1])
  return [...(asked ? [path.join(" > ")] : []), ...(lead ? [lead] : [])].join("\n")
}

/** A PDF's loader says at which character each page begins. */
const pageStartsOf = (metadata: Metadata): number[] | undefined =>
  Array.isArray(metadata.pageStarts) ? metadata.pageStarts.map(Number) : undefined

/** Counted from 1. */
const pageAt = (starts: readonly number[], position: number): number => {
  let page = 1
  while (page < starts.length && starts[page] <= position) page++
  return page
}
