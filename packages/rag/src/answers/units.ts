import { cellsOf, readingText } from "./reading-text.ts"
import { sentenceSpans } from "./sentences.ts"

/** The smallest part of a passage that an answer takes over whole: never half a sentence, never half a snippet. */
export interface Unit {
  kind: "sentence" | "item" | "code" | "row"
  /** `passage.slice(start, end)`, without white space at its ends. */
  start: number
  end: number
  /** As a person reads it; of code and of a row below its head the source itself. */
  text: string
  /** Heading of the passage above it; empty before the first. */
  heading: string
  /** Number of the paragraph, list, table or code block it is in; rises through the passage. */
  block: number
  /** Of a row: the table's first two lines, when they are in the passage. */
  head?: string
}

interface Line {
  text: string
  start: number
  end: number
}

/** Longer list items are taken sentence by sentence. */
const longestItem = 480

/**
 * Splits a passage of Markdown, or of plain text, into sentences, list items, table rows and code blocks, in order.
 * Headings, comments, anchors and link definitions are no units: they say nothing by themselves.
 */
export const splitUnits = (passage: string): Unit[] => {
  const lines = linesOf(passage)
  const units: Unit[] = []
  let heading = ""
  let block = 0
  let at = 0
  while (at < lines.length) {
    const line = lines[at].text
    const first = at
    const fence = /^\s*(?:>\s?)*(`{3,}|~{3,})/.exec(line)
    const title = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/.exec(line)
    block++
    if (fence) {
      at = endOfFence(lines, at, fence[1])
      addCode(units, passage, lines.slice(first, at), { heading, block })
    } else if (line.trim() === "" || isFurniture(line)) at++
    else if (title) {
      heading = readingText(title[1])
      at++
    } else if (isRow(line)) {
      while (at < lines.length && isRow(lines[at].text)) at++
      addRows(units, lines.slice(first, at), { heading, block })
    } else if (/^\s*<!--/.test(line)) at = endOfComment(lines, at)
    else {
      const marker = itemMarker(line)
      at++
      while (at < lines.length && goesOn(lines, at)) at++
      addText(units, passage, lines.slice(first, at), { heading, block, marker })
    }
  }
  return units
}

const linesOf = (text: string): Line[] => {
  const lines: Line[] = []
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start)
    const end = found < 0 ? text.length : found
    lines.push({ text: text.slice(start, text[end - 1] === "\r" ? end - 1 : end), start, end })
    start = end + 1
  }
  return lines
}

const itemMarker = (line: string): string | undefined => /^\s*(?:[-*+]|\d{1,3}[.)])\s+/.exec(line)?.[0]

/** Lines that say nothing: anchors, tags alone, link definitions, rulers, a link to elsewhere as a table of contents. */
const isFurniture = (line: string): boolean =>
  /^\s*(?:<\/?[a-zA-Z][^<>]*>\s*)+$/.test(line) ||
  /^\s*\[[^\]]+\]:\s*\S/.test(line) ||
  /^\s*(?:[-*_]\s*){3,}$/.test(line) ||
  /^\s*(?:[-*+]|\d+[.)])\s*\[[^\]]*\]\(#[^)]*\)\s*$/.test(line) ||
  /^\s*<!--.*-->\s*$/.test(line)

/** A table's row. Where a chunker has cut a table, its rows come without their head. */
const isRow = (line: string): boolean => /^\s*\|.*\|\s*$/.test(line)

const isRuler = (line: string | undefined): boolean =>
  line !== undefined && /^\s*\|[\s:|-]*-[\s:|-]*$/.test(line)

const endOfFence = (lines: readonly Line[], from: number, fence: string): number => {
  for (let at = from + 1; at < lines.length; at++) {
    const closing = /^\s*(?:>\s?)*(`{3,}|~{3,})\s*$/.exec(lines[at].text)?.[1]
    if (closing && closing[0] === fence[0] && closing.length >= fence.length) return at + 1
  }
  return lines.length
}

const endOfComment = (lines: readonly Line[], from: number): number => {
  let at = from
  while (at < lines.length && !lines[at].text.includes("-->")) at++
  return at + 1
}

/** Whether a line belongs to the paragraph or list item that the line before it is in. */
const goesOn = (lines: readonly Line[], at: number): boolean => {
  const line = lines[at].text
  return (
    line.trim() !== "" &&
    itemMarker(line) === undefined &&
    !/^\s*(?:>\s?)*(?:`{3,}|~{3,})/.test(line) &&
    !/^\s{0,3}#{1,6}\s/.test(line) &&
    !/^\s*<!--/.test(line) &&
    !isFurniture(line) &&
    !isRow(line)
  )
}

interface Place {
  heading: string
  block: number
}

const addCode = (units: Unit[], passage: string, lines: readonly Line[], place: Place): void => {
  const { start } = lines[0]
  const end = start + passage.slice(start, lines.at(-1)!.end).trimEnd().length
  const text = passage.slice(start, end)
  if (text.replace(/[`~\s]/g, "") !== "") units.push({ kind: "code", start, end, text, ...place })
}

const addRows = (units: Unit[], lines: readonly Line[], place: Place): void => {
  const headed = isRuler(lines[1]?.text)
  const head = headed ? `${lines[0].text.trim()}\n${lines[1].text.trim()}` : undefined
  for (const line of headed ? lines.slice(2) : lines) {
    const text = line.text.trim()
    if (text.replace(/[|\s:-]/g, "") === "") continue
    const start = line.start + line.text.indexOf(text)
    const shown = headed ? text : cellsOf(text).map(readingText).join(" · ")
    units.push({ kind: "row", start, end: start + text.length, text: shown, head, ...place })
  }
}

const addText = (
  units: Unit[],
  passage: string,
  lines: readonly Line[],
  { marker, ...place }: Place & { marker: string | undefined },
): void => {
  const from = lines[0].start + (marker?.length ?? 0)
  const to = lines.at(-1)!.end
  const kind = marker === undefined ? "sentence" : "item"
  const whole = passage.slice(from, to)
  const spans = kind === "item" && whole.length <= longestItem ? [[0, whole.length]] : sentenceSpans(whole)
  for (const [first, last] of spans) {
    const part = whole.slice(first, last)
    const start = from + first + (part.length - part.trimStart().length)
    const end = start + part.trim().length
    const text = readingText(passage.slice(start, end))
    if (/[\p{L}\p{N}]/u.test(text)) units.push({ kind, start, end, text, ...place })
  }
}
