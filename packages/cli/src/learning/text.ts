import { relative } from "node:path"
import { textWidth } from "@roadmap/report/text-width"

/** Breaks lines at words so that none is wider than `width`; a line keeps its own indentation. */
export const wrap = (text: string, width: number): string =>
  text
    .split("\n")
    .flatMap(line => wrapLine(line, width))
    .join("\n")

/** Wraps Markdown for a terminal: paragraphs are set anew, code, tables and headings keep their lines. */
export const wrapMarkdown = (text: string, width: number): string => {
  const lines: string[] = []
  let inCode = false
  let joinable = false
  for (const line of text.trim().split("\n")) {
    const fence = line.startsWith("```")
    const plain = !inCode && !fence && /^\s*[^\s#|>]/.test(line)
    const startsItem = /^\s*([-*]|\d+\.) /.test(line)
    if (plain && joinable && !startsItem) lines[lines.length - 1] += ` ${line.trim()}`
    else lines.push(line)
    joinable = plain
    if (fence) inCode = !inCode
  }
  let code = false
  return lines
    .map(line => {
      if (line.startsWith("```")) code = !code
      return code ? line : wrap(line, width)
    })
    .join("\n")
}

const wrapLine = (line: string, width: number): string[] => {
  // Code and pictures stay as they are: a broken one is worse than a wide one.
  if (textWidth(line) <= width || /^\s*\d+ \| |[▁▂▃▄▅▆▇█]/.test(line)) return [line]
  const indent = /^\s*(?:[-*] )?/.exec(line)![0].replace(/[-*]/, " ")
  const lines: string[] = []
  let current = ""
  for (const word of line.split(/(?<=\S) +/)) {
    const longer = current === "" ? word : `${current} ${word}`
    if (current !== "" && textWidth(longer) > width) {
      lines.push(current)
      current = indent + word.trimStart()
    } else current = longer
  }
  return [...lines, current]
}

export const indent = (text: string, by: number): string =>
  text
    .split("\n")
    .map(line => (line === "" ? "" : " ".repeat(by) + line))
    .join("\n")

/** A path as one types it: relative to the current folder when it lies below it. */
export const shortPath = (path: string): string => {
  const below = relative(process.cwd(), path)
  return below !== "" && !below.startsWith("..") ? below : path
}
