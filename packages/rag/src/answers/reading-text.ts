/** Markdown of a sentence as a person reads it: links by their text, no HTML, one line. `Code` keeps its marks. */
export const readingText = (markdown: string): string => {
  const [outside, codes] = setCodeAside(markdown)
  const text = outside
    .replace(/<!--[\s\S]*?(-->|$)/g, " ")
    .replace(/^\s*(?:>\s?)+/gm, "")
    .replace(/\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]/gi, "")
    .replace(/!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])/g, "")
    .replace(/\[([^\]]+)\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+"[^"]*")?\)|\[[^\]]*\])/g, "$1")
    .replace(/<\/?[a-zA-Z][^<>]*>/g, "")
    .replace(/(\*\*|__)(?=\S)([\s\S]*?\S)\1/g, "$2")
    .replace(/(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])/g, "$1")
    .replace(/(?<!\w)_(?=[^\s_])([^_]*[^\s_])_(?!\w)/g, "$1")
    .replace(/\\([\\`*_{}[\]()#+\-.!|<>~])/g, "$1")
    .replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: keyof typeof entities) => entities[name])
    .replace(/\s+/g, " ")
    .trim()
  return text.replace(/\uE000(\d+)\uE000/g, (_, place) => codes[Number(place)])
}

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" }

/** Code spans go through no rule of the text: their place is held by characters of the private use area. */
const setCodeAside = (markdown: string): [string, string[]] => {
  const codes: string[] = []
  const outside = markdown.replaceAll("\uE000", "").replace(/(`+)([^`](?:[\s\S]*?[^`])??)\1(?!`)/g, code => {
    codes.push(code.replace(/\s+/g, " "))
    return `\uE000${codes.length - 1}\uE000`
  })
  return [outside, codes]
}

/** Code of a passage without its fence and without the indentation all its lines share. */
export const codeOf = (block: string): { language: string; code: string } => {
  const lines = block.replace(/\r\n?/g, "\n").split("\n")
  const fence = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)/.exec(lines[0])
  const inner = fence
    ? lines.slice(1, lines.at(-1)!.trim().startsWith(fence[1][0].repeat(3)) ? -1 : undefined)
    : lines
  const indents = inner.filter(line => line.trim() !== "").map(line => line.length - line.trimStart().length)
  const shared = indents.length === 0 ? 0 : Math.min(...indents)
  return { language: fence?.[2] ?? "", code: inner.map(line => line.slice(shared).trimEnd()).join("\n") }
}

/** Code as a Markdown block whose fence is longer than any run of backticks in it. */
export const fencedCode = ({ language, code }: { language: string; code: string }): string => {
  const longest = Math.max(2, ...Array.from(code.matchAll(/`{3,}/g), run => run[0].length))
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${code}\n${fence}`
}

/** A row of a table with its cells as a person reads them. */
export const tableRow = (row: string): string => {
  const cells = cellsOf(row).map(cell =>
    /^:?-{2,}:?$/.test(cell) ? cell.replace(/-+/, "---") : readingText(cell),
  )
  return `| ${cells.join(" | ")} |`
}

/** Cells of a row of a Markdown table. A bar behind a backslash or in `code` ends none. */
export const cellsOf = (row: string): string[] => {
  const inner = row
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
  const cells: string[] = []
  let cell = ""
  let code = false
  for (let at = 0; at < inner.length; at++) {
    const character = inner[at]
    if (character === "`") code = !code
    if (character === "|" && inner[at - 1] !== "\\" && !code) {
      cells.push(cell.trim())
      cell = ""
    } else cell += character
  }
  return [...cells, cell.trim()]
}
