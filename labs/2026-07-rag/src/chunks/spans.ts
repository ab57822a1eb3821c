/** A part of a text, by UTF-16 units. */
export interface Span {
  start: number
  end: number
}

/** Fenced code blocks of a Markdown text, without those of a single line. Fences inside a longer fence belong to it. */
export const codeBlocks = (text: string): Span[] => {
  const spans: Span[] = []
  let open: { start: number; ticks: string; lines: number } | undefined
  let start = 0
  for (const line of text.split("\n")) {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(line)
    const closes = open && fence?.[1].startsWith(open.ticks) && fence[2].trim() === ""
    if (open && closes) {
      if (open.lines > 1) spans.push({ start: open.start, end: start + line.length })
      open = undefined
    } else if (open) open.lines++
    else if (fence) open = { start: start + line.indexOf(fence[1]), ticks: fence[1], lines: 0 }
    start += line.length + 1
  }
  return spans
}

/** Tables: a row, a rule of dashes below it, and the rows after that. Tables in code do not count. */
export const tables = (text: string): Span[] => {
  const code = codeBlocks(text)
  return [...text.matchAll(/^ *\|.*\|[ \t]*\n *\|[ :|-]+\|[ \t]*(?:\n *\|.*\|[ \t]*)+/gm)]
    .map(({ index, 0: found }) => ({ start: index, end: index + found.trimEnd().length }))
    .filter(({ start }) => !code.some(block => block.start <= start && start < block.end))
}

/** How many of the spans no single piece holds as a whole. */
export const cutSpans = (spans: readonly Span[], pieces: readonly Span[]): number =>
  spans.filter(span => !pieces.some(({ start, end }) => start <= span.start && span.end <= end)).length
