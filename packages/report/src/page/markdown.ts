import { escapeText } from "../plots/svg.ts"

/**
 * A small, safe part of Markdown: paragraphs, bullet and numbered lists, **strong**, *emphasis*, `code` and
 * [text](address). Everything else, HTML included, is shown as it was typed.
 */
export const renderMarkdown = (text: string): string =>
  text
    .replace(/\r\n?/g, "\n")
    .split(/\n{2,}/)
    .map(block => block.trim())
    .filter(block => block !== "")
    .map(renderBlock)
    .join("\n")

/** The same without paragraphs and lists: for list items and captions. */
export const renderInline = (text: string): string =>
  text
    .split(/(`[^`\n]+`)/)
    .map((part, i) => (i % 2 === 1 ? `<code>${escapeText(part.slice(1, -1))}</code>` : renderWords(part)))
    .join("")

const bullet = /^[-*] +/
const numbered = /^\d+[.)] +/

const renderBlock = (block: string): string => {
  const lines = block.split("\n")
  for (const [marker, tag] of [
    [bullet, "ul"],
    [numbered, "ol"],
  ] as const)
    if (lines.every(line => marker.test(line)))
      return `<${tag}>${lines.map(line => `<li>${renderInline(line.replace(marker, ""))}</li>`).join("")}</${tag}>`
  return `<p>${renderInline(lines.join(" "))}</p>`
}

const link = /\[([^\]\n]+)\]\(([^()\s]+)\)/

/** Links first, so that their addresses are never taken for emphasis. */
const renderWords = (text: string): string => {
  const found = link.exec(text)
  if (found === null) return emphasise(escapeText(text))
  const [whole, label, address] = found
  const rest = renderWords(text.slice(found.index + whole.length))
  const shown = emphasise(escapeText(label))
  const linked = isSafeAddress(address) ? `<a href="${escapeText(address)}">${shown}</a>` : escapeText(whole)
  return emphasise(escapeText(text.slice(0, found.index))) + linked + rest
}

const emphasise = (escaped: string): string =>
  escaped
    .replace(/\*\*(\S(?:[^*]*\S)?)\*\*/g, "<strong>$1</strong>")
    .replace(/(^|[^*\w])\*(\S(?:[^*]*\S)?)\*(?![*\w])/g, "$1<em>$2</em>")

/** Web addresses, addresses inside the page, and relative paths without a scheme. */
const isSafeAddress = (address: string): boolean =>
  /^(https?:\/\/|#)/i.test(address) || !/^[^/?#]*:|^\/\//.test(address)
