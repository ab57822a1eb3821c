import { type DefaultTreeAdapterMap, defaultTreeAdapter, parse } from "parse5"
import type { Metadata } from "../document.ts"
import { cleanLine } from "./clean.ts"
import { type Read, titleOfPath } from "./markdown.ts"

type Node = DefaultTreeAdapterMap["node"]
type Element = DefaultTreeAdapterMap["element"]

/**
 * The main content of an HTML page, written as Markdown, so that headings, code, lists and tables are kept for the
 * chunker: what `<main>` or the only `<article>` holds, else `<body>` without navigation. Scripts, styles, templates,
 * forms and hidden parts are dropped. Links keep their text alone. The title is `<title>`, else the first `<h1>`.
 */
export const readHtml = (html: string, path: string): Read => {
  const page = outline(parse(html))
  const text = toMarkdown(page.content)
  const metadata: Metadata = {
    ...(page.language && { language: page.language }),
    ...(page.description && { description: page.description }),
  }
  return { title: page.title || page.firstHeading || titleOfPath(path), text, metadata }
}

const dropped = new Set([
  ...[
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "canvas",
    "head",
  ],
  ...["form", "button", "input", "select", "textarea", "nav", "dialog", "audio", "video"],
])
/** Around the content when there is no `<main>`. */
const surroundings = new Set(["header", "footer", "aside"])
const blocks = new Set([
  ...[
    "address",
    "article",
    "aside",
    "blockquote",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
  ],
  ...[
    "figure",
    "footer",
    "header",
    "hgroup",
    "hr",
    "main",
    "ol",
    "p",
    "section",
    "summary",
    "ul",
    "body",
    "html",
  ],
])

/** One pass without recursion: a hostile page nests as deep as it likes. */
function* elementsOf(root: Node): Generator<Element> {
  const waiting: Node[] = [root]
  while (waiting.length > 0) {
    const node = waiting.pop()!
    if (defaultTreeAdapter.isElementNode(node)) yield node
    if ("childNodes" in node)
      for (let i = node.childNodes.length - 1; i >= 0; i--) waiting.push(node.childNodes[i])
  }
}

const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find(each => each.name === name)?.value

const outline = (root: Node) => {
  const first: Partial<Record<string, Element>> = {}
  let articles = 0
  let description = ""
  for (const element of elementsOf(root)) {
    const name = attribute(element, "role") === "main" ? "main" : element.tagName
    first[name] ??= element
    if (name === "article") articles++
    if (name === "meta" && attribute(element, "name") === "description")
      description ||= cleanLine((attribute(element, "content") ?? "").slice(0, 1_000))
  }
  const main = first.main ?? (articles === 1 ? first.article : undefined)
  return {
    title: first.title ? cleanLine(textOf(first.title)) : "",
    firstHeading: first.h1 ? cleanLine(textOf(first.h1)) : "",
    language: first.html && attribute(first.html, "lang")?.slice(0, 35),
    description,
    content: main ?? first.body ?? root,
  }
}

/** The text of an element as it stands, without scripts and styles. */
const textOf = (root: Node): string => {
  const parts: string[] = []
  const waiting: Node[] = [root]
  while (waiting.length > 0) {
    const node = waiting.pop()!
    if (defaultTreeAdapter.isTextNode(node)) parts.push(node.value)
    if (defaultTreeAdapter.isElementNode(node)) {
      if (dropped.has(node.tagName)) continue
      if (node.tagName === "br") parts.push("\n")
    }
    if ("childNodes" in node)
      for (let i = node.childNodes.length - 1; i >= 0; i--) waiting.push(node.childNodes[i])
  }
  return parts.join("")
}

const isHidden = (element: Element): boolean =>
  attribute(element, "hidden") !== undefined ||
  attribute(element, "aria-hidden") === "true" ||
  /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(attribute(element, "style") ?? "")

/** A node to write, or a gap to leave after the nodes before it. */
type Task = { node: Node; list?: ListState } | { gap: Gap }

interface ListState {
  /** Of an ordered list: the next item's number. */
  next?: number
  depth: number
}

type Gap = "\n" | "\n\n"

const toMarkdown = (root: Node): string => {
  const isMain = defaultTreeAdapter.isElementNode(root) && root.tagName !== "body"
  const page = markdownWriter()
  const waiting: Task[] = [{ node: root }]
  const children = (node: Node, list?: ListState, gap?: Gap) => {
    if (gap) waiting.push({ gap })
    if ("childNodes" in node)
      for (let i = node.childNodes.length - 1; i >= 0; i--) waiting.push({ node: node.childNodes[i], list })
  }
  while (waiting.length > 0) {
    const task = waiting.pop()!
    if ("gap" in task) {
      page.gap(task.gap)
      continue
    }
    const { node, list } = task
    const gap: Gap = list ? "\n" : "\n\n"
    if (defaultTreeAdapter.isTextNode(node)) page.inline(node.value)
    if (!defaultTreeAdapter.isElementNode(node)) {
      children(node, list)
      continue
    }
    const name = node.tagName
    if (dropped.has(name) || isHidden(node) || (!isMain && surroundings.has(name))) continue
    if (/^h[1-6]$/.test(name)) {
      const heading = cleanLine(textOf(node)).replace(/[¶#]$/, "").trim()
      if (heading !== "") page.block(`${"#".repeat(Number(name[1]))} ${heading}`)
    } else if (name === "pre") page.block(fenced(node))
    else if (name === "table") page.block(tableOf(node))
    else if (name === "code" || name === "kbd" || name === "samp") {
      const code = cleanLine(textOf(node))
      if (code !== "") page.inline(`\`${code}\``)
    } else if (name === "ul" || name === "ol") {
      page.gap(gap)
      children(node, { ...(name === "ol" && { next: 1 }), depth: (list?.depth ?? -1) + 1 }, gap)
    } else if (name === "li") {
      const marker = list?.next === undefined ? "- " : `${list.next++}. `
      page.marker(" ".repeat(Math.min(20, 3 * (list?.depth ?? 0))) + marker)
      children(node, list, "\n")
    } else if (name === "br") page.gap("\n")
    else if (name === "img") page.inline(attribute(node, "alt") ?? "")
    else if (blocks.has(name)) {
      page.gap(gap)
      children(node, list, gap)
    } else children(node, list)
  }
  return page.text()
}

/** Lines of Markdown in the order in which they are written; what was written is never searched again. */
const markdownWriter = () => {
  const parts: string[] = []
  /** Line ends at the end of the text; the beginning needs none. */
  let lineEnds = 2
  let space = false
  /** A list item's first block goes on in the line of its marker. */
  let afterMarker = false
  const gap = (wanted: Gap) => {
    if (afterMarker) return
    for (; lineEnds < wanted.length; lineEnds++) parts.push("\n")
    space = false
  }
  const put = (text: string) => {
    parts.push(text)
    lineEnds = 0
    afterMarker = false
  }
  return {
    gap,
    inline(text: string) {
      const plain = text.replace(/\s+/g, " ")
      const words = plain.trim()
      if (words !== "") {
        const joined = space || plain.startsWith(" ")
        put(joined && lineEnds === 0 && !afterMarker ? ` ${words}` : words)
        space = plain.endsWith(" ")
      } else if (plain !== "") space = true
    },
    block(text: string) {
      if (text === "") return
      afterMarker = false
      gap("\n\n")
      put(text)
      gap("\n\n")
    },
    marker(text: string) {
      afterMarker = false
      gap("\n")
      put(text)
      afterMarker = true
      space = false
    },
    text: () => parts.join("").trim(),
  }
}

const fenced = (node: Element): string => {
  const code = textOf(node).replace(/^\n/, "").trimEnd()
  const longest = (code.match(/`{3,}/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2)
  const fence = "`".repeat(longest + 1)
  const language = /\blang(?:uage)?-([\w+-]+)/.exec(
    [node, ...node.childNodes.filter(defaultTreeAdapter.isElementNode)]
      .map(each => attribute(each, "class") ?? "")
      .join(" "),
  )
  return code === "" ? "" : `${fence}${language?.[1] ?? ""}\n${code}\n${fence}`
}

const tableOf = (table: Element): string => {
  const rows: string[][] = []
  for (const element of elementsOf(table)) {
    if (element.tagName === "tr") rows.push([])
    else if (element.tagName === "td" || element.tagName === "th")
      rows.at(-1)?.push(cleanLine(textOf(element)).replaceAll("|", "\\|"))
  }
  const filled = rows.filter(row => row.length > 0)
  if (filled.length === 0) return ""
  const width = filled.reduce((widest, row) => Math.min(100, Math.max(widest, row.length)), 1)
  const line = (cells: readonly string[]) =>
    `| ${Array.from({ length: width }, (_, i) => cells[i] ?? "").join(" | ")} |\n`
  const rule = line(Array.from({ length: width }, () => "---"))
  return `${line(filled[0])}${rule}${filled.slice(1).map(line).join("")}`.trimEnd()
}
