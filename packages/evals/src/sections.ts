import type { Span } from "./gold.ts"

/**
 * The section of a Markdown text in which a place lies: from the heading above it to the next heading of any level.
 * Lines that begin with # inside a code fence are no headings.
 */
export const sectionOf = (text: string, { document, start, end }: Span): Span => {
  let sectionStart = 0
  let sectionEnd = text.length
  let fence: string | undefined
  for (let line = 0; line < text.length; ) {
    const lineEnd = text.indexOf("\n", line)
    const next = lineEnd < 0 ? text.length : lineEnd + 1
    const content = text.slice(line, next)
    const mark = /^\s{0,3}(?:> ?)?(```+|~~~+)/.exec(content)?.[1]
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence)))
      fence = fence === undefined ? mark : undefined
    else if (fence === undefined && /^#{1,6}\s/.test(content)) {
      if (line <= start) sectionStart = line
      else if (line >= end) {
        sectionEnd = line
        break
      }
    }
    line = next
  }
  return { document, start: sectionStart, end: sectionEnd }
}
