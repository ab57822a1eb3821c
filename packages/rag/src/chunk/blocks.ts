import MarkdownIt from "markdown-it"
import type { Range } from "./split.ts"

/** A block of a Markdown text at its outermost level. Blocks are in order and do not overlap. */
export interface Block extends Range {
  kind: "heading" | "code" | "table" | "list" | "text"
  /** Of a heading: 1 to 6. */
  depth?: number
  /** Of a heading: its line's Markdown. */
  heading?: string
  /** Of a list: where its items begin after the first. */
  items?: number[]
}

/** Block structure only: text inside of blocks is left as it is, which is most of the time that Markdown takes. */
const parser = new MarkdownIt("commonmark", { html: true }).enable("table")
parser.core.ruler.enableOnly(["block"])

/**
 * The outermost blocks of a Markdown text (CommonMark 0.31 with the tables of GitHub), with their spans. A heading made
 * by an HTML tag on one line counts as one.
 */
export const markdownBlocks = (text: string): Block[] => {
  const lineStarts = startsOfLines(text)
  const at = (line: number) => lineStarts[Math.min(line, lineStarts.length - 1)]
  const tokens = parser.parse(text, {})
  const blocks: Block[] = []
  tokens.forEach((token, index) => {
    if (token.type === "list_item_open" && token.level === 1 && token.map) {
      const start = at(token.map[0])
      const list = blocks.at(-1)
      if (list?.kind === "list" && start > list.start) list.items!.push(start)
      return
    }
    if (token.level !== 0 || !token.map || token.nesting < 0) return
    const range = { start: at(token.map[0]), end: at(token.map[1]) }
    if (token.type === "heading_open")
      blocks.push({
        kind: "heading",
        ...range,
        depth: Number(token.tag.slice(1)),
        heading: tokens[index + 1].content,
      })
    else if (token.type === "fence" || token.type === "code_block") blocks.push({ kind: "code", ...range })
    else if (token.type === "table_open") blocks.push({ kind: "table", ...range })
    else if (token.type === "bullet_list_open" || token.type === "ordered_list_open")
      blocks.push({ kind: "list", ...range, items: [] })
    else if (token.type === "html_block") blocks.push(htmlBlock(text, range))
    else blocks.push({ kind: "text", ...range })
  })
  return blocks
}

const htmlBlock = (text: string, range: Range): Block => {
  const heading = /^\s*<h([1-6])[^>]*>([^\n]*?)<\/h\1>\s*$/i.exec(text.slice(range.start, range.end))
  return heading
    ? { kind: "heading", ...range, depth: Number(heading[1]), heading: heading[2] }
    : { kind: "text", ...range }
}

/** Where each line begins; the last entry is the end of the text. */
const startsOfLines = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  if (starts.at(-1) !== text.length) starts.push(text.length)
  return starts
}
