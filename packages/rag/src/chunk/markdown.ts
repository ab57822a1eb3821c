import type { Document } from "../document.ts"
import { plainInline } from "../load/markdown.ts"
import { type Block, markdownBlocks } from "./blocks.ts"
import { type Chunker, characters, type Measure, type Piece, toChunks } from "./chunker.ts"
import { atLines, atParagraphs, atSentences, atWords, type Cuts, type Range, splitRange } from "./split.ts"

export interface MarkdownOptions {
  /** Most that a chunk holds, by `measure`. Default 1,200. */
  size?: number
  /** Put title and headings path before the text for indexing. Default true. */
  context?: boolean
  measure?: Measure
}

interface Section {
  headings: readonly string[]
  blocks: Block[]
}

interface Sizing {
  size: number
  measure: Measure
}

/**
 * Cuts Markdown (and what the loaders write as Markdown: HTML) along its structure. A chunk stays within one section,
 * and knows the headings above it; short sections join the ones below them. Code blocks, tables and list items stay
 * whole where they fit; longer ones are cut by lines, rows and items, and every part of a cut table has the table's
 * header in its context.
 */
export const markdownChunker = (options: MarkdownOptions = {}): Chunker => {
  const { size = 1_200, context = true, measure = characters } = options
  const id = `markdown@1(size=${size},measure=${measure.name},context=${context ? "on" : "off"})`
  return {
    id,
    chunk: document => toChunks(document, piecesOf(document, { size, measure }), { chunker: id, context }),
  }
}

const piecesOf = (document: Document, sizing: Sizing): Piece[] => {
  const { text, format } = document
  if (format === "text" || format === "pdf") {
    const cuts = [atParagraphs, atLines, atSentences, atWords]
    return splitRange(text, { start: 0, end: text.length }, { ...sizing, cuts })
  }
  return joinedSections(sectionsOf(markdownBlocks(text)), text, sizing).flatMap(section =>
    packed(section, text, sizing),
  )
}

/** Blocks by the heading above them; a heading is the first block of its section. */
const sectionsOf = (blocks: readonly Block[]): Section[] => {
  const path: { depth: number; title: string }[] = []
  const sections: Section[] = [{ headings: [], blocks: [] }]
  for (const block of blocks) {
    if (block.kind === "heading") {
      while (path.length > 0 && path.at(-1)!.depth >= block.depth!) path.pop()
      const title = plainInline(block.heading!)
      if (title !== "") path.push({ depth: block.depth!, title })
      sections.push({ headings: path.map(each => each.title), blocks: [] })
    }
    sections.at(-1)!.blocks.push(block)
  }
  return sections.filter(section => section.blocks.length > 0)
}

/**
 * A heading without text goes with the section below it. A section that fills less than a third of a chunk takes in the
 * next one when both fit and share their headings but the last: many docs have a heading a sentence. The joined section
 * is found under what their headings have in common.
 */
const joinedSections = (sections: readonly Section[], text: string, { size, measure }: Sizing): Section[] => {
  const joined: Section[] = []
  for (const section of sections) {
    const last = joined.at(-1)
    if (last?.blocks.every(isHeading) && isBelow(section.headings, last.headings)) {
      last.headings = section.headings
      for (const block of section.blocks) last.blocks.push(block)
      continue
    }
    const common = last ? commonStart(last.headings, section.headings) : []
    const related = last && common.length >= Math.min(last.headings.length, section.headings.length) - 1
    const sizeOf = (from: Section, to: Section) =>
      measure.of(text.slice(from.blocks[0].start, to.blocks.at(-1)!.end))
    if (
      last &&
      related &&
      common.length > 0 &&
      sizeOf(last, last) < size / 3 &&
      sizeOf(last, section) <= size
    ) {
      last.headings = common
      for (const block of section.blocks) last.blocks.push(block)
    } else joined.push({ headings: section.headings, blocks: [...section.blocks] })
  }
  return joined
}

const isHeading = (block: Block): boolean => block.kind === "heading"

const isBelow = (headings: readonly string[], above: readonly string[]): boolean =>
  headings.length > above.length && above.every((heading, at) => heading === headings[at])

const commonStart = (a: readonly string[], b: readonly string[]): readonly string[] => {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return a.slice(0, length)
}

/** Blocks of a section, as many together as fit; a block that is too long alone is cut by what it is made of. */
const packed = ({ headings, blocks }: Section, text: string, sizing: Sizing): Piece[] => {
  const { size, measure } = sizing
  const pieces: Piece[] = []
  let open: Range | undefined
  const lastHeading = blocks.findIndex(block => !isHeading(block)) - 1
  const close = () => {
    if (open) pieces.push({ ...open, headings })
    open = undefined
  }
  for (const block of blocks) {
    if (open && measure.of(text.slice(open.start, block.end)) <= size) {
      open.end = block.end
      continue
    }
    // Headings stay with what follows them, though that has to be cut.
    const onlyHeading = open && lastHeading >= 0 && open.end === blocks[lastHeading].end
    const start = onlyHeading ? open!.start : block.start
    if (!onlyHeading) close()
    open = undefined
    if (measure.of(text.slice(start, block.end)) <= size) open = { start, end: block.end }
    else {
      for (const part of cutBlock(block, start, text, sizing)) pieces.push({ ...part, headings })
    }
  }
  close()
  return pieces
}

const cutBlock = (block: Block, start: number, text: string, sizing: Sizing): Piece[] => {
  const range = { start, end: block.end }
  if (block.kind === "code") return splitRange(text, range, { ...sizing, cuts: [atParagraphs, atLines] })
  if (block.kind === "list") {
    const atItems: Cuts = (_, within) => block.items!.filter(item => item > within.start && item < within.end)
    return splitRange(text, range, {
      ...sizing,
      cuts: [atItems, atParagraphs, atLines, atSentences, atWords],
    })
  }
  if (block.kind === "table") {
    const lineEnd = text.indexOf("\n", block.start)
    const header = text.slice(block.start, lineEnd === -1 ? block.end : lineEnd)
    const parts: Piece[] = splitRange(text, range, { ...sizing, cuts: [atLines, atWords] })
    return parts.map((part, index) => (index === 0 ? part : { ...part, lead: header.slice(0, 500) }))
  }
  return splitRange(text, range, { ...sizing, cuts: [atParagraphs, atSentences, atLines, atWords] })
}
