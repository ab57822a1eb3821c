import { element } from "./dom.js"
import { parseMarkdown } from "./markdown.js"

/** @import { Block, Inline } from "./markdown.js" */

/**
 * Markdown as elements. Headings of an answer stand below the page's own: level 1 becomes h3.
 *
 * @param {string} text
 * @param {(marker: number) => Node | undefined} citation What stands for [1]; undefined leaves the text.
 * @returns {Node[]}
 */
export const renderMarkdown = (text, citation) =>
  parseMarkdown(text).map(block => renderBlock(block, citation))

/**
 * @param {Block} block
 * @param {(marker: number) => Node | undefined} citation
 * @returns {Node}
 */
const renderBlock = (block, citation) => {
  const inlines = (/** @type {Inline[]} */ parts) => renderInlines(parts, citation)
  const blocks = (/** @type {Block[]} */ parts) => parts.map(part => renderBlock(part, citation))
  switch (block.kind) {
    case "paragraph":
      return element("p", {}, ...inlines(block.children))
    case "heading": {
      const tag = /** @type {"h3" | "h4" | "h5" | "h6"} */ (`h${Math.min(6, block.level + 2)}`)
      return element(tag, {}, ...inlines(block.children))
    }
    case "code": {
      const label = block.language === "" ? "Code" : `Code, ${block.language}`
      return element(
        "pre",
        { tabindex: 0, role: "region", "aria-label": label },
        element("code", {}, block.text),
      )
    }
    case "quote":
      return element("blockquote", {}, ...blocks(block.children))
    case "list":
      return element(
        block.ordered ? "ol" : "ul",
        block.ordered && block.start !== 1 ? { start: block.start } : {},
        ...block.items.map(item => element("li", {}, ...tight(blocks(item)))),
      )
    case "table":
      return element(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table" },
        element(
          "table",
          {},
          element(
            "thead",
            {},
            element("tr", {}, ...block.head.map(cell => element("th", { scope: "col" }, ...inlines(cell)))),
          ),
          element(
            "tbody",
            {},
            ...block.rows.map(row =>
              element("tr", {}, ...row.map(cell => element("td", {}, ...inlines(cell)))),
            ),
          ),
        ),
      )
    case "rule":
      return element("hr")
  }
}

/**
 * An item of one paragraph needs no paragraph.
 *
 * @param {Node[]} children
 */
const tight = ([first, ...rest]) =>
  first instanceof HTMLParagraphElement ? [...first.childNodes, ...rest] : first ? [first, ...rest] : rest

/**
 * A citation stays on the line of the word before it: a browser would break before any button.
 *
 * @param {Inline[]} parts
 * @param {(marker: number) => Node | undefined} citation
 * @returns {(Node | string)[]}
 */
const renderInlines = (parts, citation) => {
  /** @type {(Node | string)[]} */
  const rendered = []
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]
    const [, before, word] = (part.kind === "text" && /^(.*?)(\S{0,40}) *$/s.exec(part.text)) || []
    if (word === undefined || parts[i + 1]?.kind !== "citation") {
      rendered.push(renderInline(part, citation))
      continue
    }
    const together = element("span", { class: "together" }, `${word}\u00a0`)
    for (; parts[i + 1]?.kind === "citation"; i++) together.append(renderInline(parts[i + 1], citation))
    rendered.push(before, together)
  }
  return rendered
}

/**
 * @param {Inline} part
 * @param {(marker: number) => Node | undefined} citation
 * @returns {Node | string}
 */
const renderInline = (part, citation) => {
  const children = (/** @type {Inline[]} */ parts) => renderInlines(parts, citation)
  switch (part.kind) {
    case "text":
      return part.text
    case "code":
      return element("code", {}, part.text)
    case "strong":
      return element("strong", {}, ...children(part.children))
    case "emphasis":
      return element("em", {}, ...children(part.children))
    case "link":
      return element(
        "a",
        { href: part.url, rel: "noopener noreferrer", target: "_blank" },
        ...children(part.children),
      )
    case "citation":
      return citation(part.marker) ?? `[${part.marker}]`
    case "break":
      return element("br")
  }
}
