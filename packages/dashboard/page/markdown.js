/**
 * Markdown as data, so that a page can be built from it without ever parsing HTML: the parts of CommonMark and of
 * GitHub's tables that answers and documentation use. HTML is text here.
 *
 * @typedef {{ kind: "text", text: string }
 *   | { kind: "code", text: string }
 *   | { kind: "strong" | "emphasis", children: Inline[] }
 *   | { kind: "link", url: string, children: Inline[] }
 *   | { kind: "citation", marker: number }
 *   | { kind: "break" }} Inline
 *
 * @typedef {{ kind: "paragraph", children: Inline[] }
 *   | { kind: "heading", level: number, children: Inline[] }
 *   | { kind: "code", language: string, text: string }
 *   | { kind: "quote", children: Block[] }
 *   | { kind: "list", ordered: boolean, start: number, items: Block[][] }
 *   | { kind: "table", head: Inline[][], rows: Inline[][][] }
 *   | { kind: "rule" }} Block
 */

const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/
const item = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/
const heading = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/
const rule = /^ {0,3}([-*_])(?: *\1){2,} *$/
const divider = /^ *\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?\|? *$/

/** Nothing that a person writes goes deeper; a text made of a thousand `>` must not fill the stack. */
const deepest = 8

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {Block[]}
 */
export const parseMarkdown = (text, depth = 0) => {
  const lines = text.replaceAll("\r\n", "\n").split("\n")
  /** @type {Block[]} */
  const blocks = []
  /** @type {string[]} */
  let paragraph = []
  const endParagraph = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", children: parseInline(paragraph.join("\n")) })
    paragraph = []
  }
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]
    const taken = line.trim() === "" ? 1 : takeBlock(lines, i, blocks, endParagraph, depth)
    if (line.trim() === "") endParagraph()
    if (taken === 0) paragraph.push(line.trim())
    i += Math.max(taken, 1)
  }
  endParagraph()
  return blocks
}

/**
 * Adds the block that begins at this line, if it is none of a paragraph. Returns the lines it takes.
 *
 * @param {string[]} lines
 * @param {number} at
 * @param {Block[]} blocks
 * @param {() => void} endParagraph
 * @param {number} depth
 * @returns {number}
 */
const takeBlock = (lines, at, blocks, endParagraph, depth) => {
  const line = lines[at]
  const opened = fence.exec(line)
  if (opened) {
    endParagraph()
    const closing = new RegExp(`^ {0,3}${opened[1][0]}{${opened[1].length},}\\s*$`)
    const length = runLength(lines, at + 1, each => !closing.test(each))
    const code = lines.slice(at + 1, at + 1 + length).join("\n")
    blocks.push({ kind: "code", language: opened[2], text: code })
    return length + 2
  }
  const titled = heading.exec(line)
  if (titled) {
    endParagraph()
    blocks.push({ kind: "heading", level: titled[1].length, children: parseInline(titled[2]) })
    return 1
  }
  if (rule.test(line)) {
    endParagraph()
    blocks.push({ kind: "rule" })
    return 1
  }
  if (depth < deepest && /^ {0,3}>/.test(line)) {
    endParagraph()
    const length = runLength(lines, at, each => /^ {0,3}>/.test(each))
    const inner = lines.slice(at, at + length).map(each => each.replace(/^ {0,3}> ?/, ""))
    blocks.push({ kind: "quote", children: parseMarkdown(inner.join("\n"), depth + 1) })
    return length
  }
  if (line.includes("|") && divider.test(lines[at + 1] ?? "")) {
    endParagraph()
    const length = runLength(lines, at + 2, each => each.includes("|"))
    const rows = lines.slice(at + 2, at + 2 + length).map(cellsOf)
    blocks.push({ kind: "table", head: cellsOf(line), rows })
    return length + 2
  }
  if (depth < deepest && item.test(line)) {
    endParagraph()
    return takeList(lines, at, blocks, depth)
  }
  return 0
}

/**
 * @param {string[]} lines
 * @param {number} at
 * @param {Block[]} blocks
 * @param {number} depth
 */
const takeList = (lines, at, blocks, depth) => {
  const [, indent, mark] = item.exec(lines[at]) ?? []
  const ordered = /\d/.test(mark)
  /** @type {string[][]} */
  const items = []
  let end = at
  for (; end < lines.length; end++) {
    const line = lines[end]
    const begun = item.exec(line)
    if (begun && begun[1].length <= indent.length && /\d/.test(begun[2]) === ordered) items.push([begun[3]])
    else if (line.trim() === "") {
      const next = lines[end + 1] ?? ""
      if (!item.test(next) && !/^ {2,}\S/.test(next)) break
      items.at(-1)?.push("")
    } else if (begun && begun[1].length <= indent.length) break
    else if (begun || /^ {2,}/.test(line))
      items.at(-1)?.push(line.slice(indent.length).replace(/^ {1,4}/, ""))
    else if (heading.test(line) || fence.test(line)) break
    else items.at(-1)?.push(line.trim())
  }
  blocks.push({
    kind: "list",
    ordered,
    start: ordered ? Number.parseInt(mark, 10) : 1,
    items: items.map(each => parseMarkdown(each.join("\n"), depth + 1)),
  })
  return end - at
}

/**
 * @param {string[]} lines
 * @param {number} from
 * @param {(line: string) => boolean} belongs
 */
const runLength = (lines, from, belongs) => {
  let end = from
  while (end < lines.length && belongs(lines[end])) end++
  return end - from
}

/** @param {string} line */
const cellsOf = line =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map(cell => parseInline(cell.trim().replaceAll("\\|", "|")))

/** In the order of the alternatives: code, image, link, address in <>, citation, strong, emphasis, escape, line end. */
const inline = new RegExp(
  [
    /(?<ticks>`+)(?<code>[^`]|[^`].*?[^`])\k<ticks>(?!`)/,
    /!\[(?<alt>[^\]]*)\]\([^()\s]*(?:\s+"[^"]*")?\)/,
    /\[(?<label>(?:[^[\]]|\\.)+)\]\((?<url>[^()\s]+)(?:\s+"[^"]*")?\)/,
    /<(?<address>https?:\/\/[^\s<>]+)>/,
    /(?<![\w\])])(?<markers>(?:\[\d{1,3}\])+)(?![\w(])/,
    /\*\*(?<strong>\S|\S.*?\S)\*\*/,
    /(?<![\w*])\*(?<starred>[^\s*]|[^\s*][^*]*?[^\s*])\*(?![\w*])/,
    /(?<!\w)_(?<underlined>[^\s_]|[^\s_][^_]*?[^\s_])_(?!\w)/,
    /\\(?<escaped>[\\`*_{}[\]()#+\-.!|<>~])/,
    /(?: {2,}|\\)(?<end>\n)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gs",
)

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {Inline[]}
 */
export const parseInline = (text, depth = 0) => {
  if (depth > deepest) return [{ kind: "text", text }]
  /** @type {Inline[]} */
  const parts = []
  /** @param {string} plain */
  const addText = plain => {
    const last = parts.at(-1)
    if (plain === "") return
    if (last?.kind === "text") last.text += plain
    else parts.push({ kind: "text", text: plain })
  }
  let done = 0
  for (const match of text.matchAll(inline)) {
    addText(text.slice(done, match.index))
    done = match.index + match[0].length
    const found = match.groups ?? {}
    const inside = (/** @type {string} */ content) => parseInline(content, depth + 1)
    if (found.code !== undefined)
      parts.push({ kind: "code", text: found.code.replace(/^ (.*) $/s, "$1").replaceAll("\n", " ") })
    else if (found.alt !== undefined) addText(found.alt)
    else if (found.label !== undefined) {
      const url = safeUrl(found.url)
      const children = inside(found.label)
      if (url === undefined) parts.push(...children)
      else parts.push({ kind: "link", url, children })
    } else if (found.address !== undefined) {
      const url = safeUrl(found.address)
      if (url === undefined) addText(found.address)
      else parts.push({ kind: "link", url, children: [{ kind: "text", text: found.address }] })
    } else if (found.markers !== undefined)
      for (const [, marker] of found.markers.matchAll(/\[(\d+)\]/g))
        parts.push({ kind: "citation", marker: Number(marker) })
    else if (found.strong !== undefined) parts.push({ kind: "strong", children: inside(found.strong) })
    else if (found.starred !== undefined || found.underlined !== undefined)
      parts.push({ kind: "emphasis", children: inside(found.starred ?? found.underlined) })
    else if (found.escaped !== undefined) addText(found.escaped)
    else parts.push({ kind: "break" })
  }
  addText(text.slice(done))
  return parts
}

/**
 * The address of a link that may be followed: http and https alone, never a script or a file.
 *
 * @param {string} text
 * @returns {string | undefined}
 */
export const safeUrl = text => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const { protocol, href } = new URL(text)
  return protocol === "https:" || protocol === "http:" ? href : undefined
}

/**
 * The words of a text in Markdown, in one line.
 *
 * @param {string} text
 */
export const plainText = text => parseMarkdown(text).map(textOf).join(" ").replace(/\s+/g, " ").trim()

/**
 * @param {Block | Inline} part
 * @returns {string}
 */
const textOf = part => {
  switch (part.kind) {
    case "text":
      return part.text
    case "code":
      return part.text
    case "citation":
      return `[${part.marker}]`
    case "list":
      return part.items.map(item => item.map(textOf).join(" ")).join(" ")
    case "table":
      return [part.head, ...part.rows]
        .map(row => row.map(cell => cell.map(textOf).join("")).join(", "))
        .join(" ")
    case "break":
    case "rule":
      return " "
    case "quote":
      return part.children.map(textOf).join(" ")
    default:
      return part.children.map(textOf).join("")
  }
}
