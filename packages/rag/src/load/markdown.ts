import { basename, dirname, extname } from "node:path/posix"
import type { Metadata } from "../document.ts"
import { readFrontMatter } from "./front-matter.ts"

export interface Read {
  title: string
  text: string
  metadata: Metadata
}

/** Markdown: its front matter goes to the metadata, its title is the front matter's, the first `# heading`, or the name. */
export const readMarkdown = (text: string, path: string): Read => {
  const { body, title, metadata } = readFrontMatter(text)
  return { title: title ?? firstHeading(body) ?? titleOfPath(path), text: body, metadata }
}

/** Plain text: its title is the file's name. */
export const readText = (text: string, path: string): Read => ({
  title: titleOfPath(path),
  text,
  metadata: {},
})

/** "docs/Reference/Server.md" is "Server"; "packages/core/README.md" is "core". */
export const titleOfPath = (path: string): string => {
  const stem = basename(path, extname(path))
  const folder = basename(dirname(path))
  return /^(readme|index)$/i.test(stem) && folder !== "" && folder !== "." ? folder : stem
}

/** Of the first level, outside code. */
const firstHeading = (text: string): string | undefined => {
  let fence = ""
  for (const line of text.slice(0, 20_000).split("\n")) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark && fence === "") fence = mark
    else if (mark && fence !== "" && mark.startsWith(fence)) fence = ""
    if (fence !== "") continue
    const heading = /^#[ \t]+(.+?)[ \t#]*$/.exec(line)
    if (heading) return plainInline(heading[1])
  }
  return undefined
}

/** A line of Markdown without its marks: `code`, links, images, emphasis, tags. At most 500 characters are read. */
export const plainInline = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/<[^>]*>/g, "")
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replace(/`+([^`]*)`+/g, "$1")
    .replace(/(\*{1,3}|~~)(?=\S)(.+?)(?<=\S)\1/g, "$2")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/\s+/g, " ")
    .trim()
