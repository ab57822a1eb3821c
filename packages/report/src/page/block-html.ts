import { RoadmapError } from "@roadmap/core/errors"
import { formatCount } from "../format.ts"
import { inlineSvg, type Plot } from "../plots/plot.ts"
import { escapeText } from "../plots/svg.ts"
import { plural } from "../plots/values.ts"
import { type DataTable, showTable } from "../table.ts"
import type { Block, CalloutBlock, CodeBlock, TableBlock } from "./blocks.ts"
import { renderInline, renderMarkdown } from "./markdown.ts"

/** Rows of a plot's data that a page carries; more would weigh more than the picture is worth. */
const dataRows = 250

/** Gives every element id of a page once. The second "errors" becomes "errors-2". */
export type UniqueId = (wanted: string) => string

export const renderBlock = (block: Block, uniqueId: UniqueId): string => {
  switch (block.kind) {
    case "plot":
      return renderPlot(block, uniqueId)
    case "pair":
      return `<div class="pair">${block.plots.map(plot => renderPlot(plot, uniqueId, true)).join("\n")}</div>`
    case "table":
      return renderTableBlock(block)
    case "list": {
      const tag = block.ordered ? "ol" : "ul"
      return `<${tag}>${block.items.map(item => `<li>${renderInline(item)}</li>`).join("")}</${tag}>`
    }
    case "callout":
      return renderCallout(block)
    case "code":
      return renderCode(block)
    case "text":
      return renderMarkdown(block.text)
    default:
      throw new RoadmapError("INVALID_INPUT", `A page has no block of kind "${(block as Block).kind}".`)
  }
}

/** Both drawings, of which the style shows one: text keeps its size on a telephone. */
const renderPlot = (plot: Plot, uniqueId: UniqueId, halfWidth = false): string => {
  const id = uniqueId(plot.id)
  const drawings = (halfWidth ? (["narrow"] as const) : (["wide", "narrow"] as const)).map(
    size => `<div class="${size}">${inlineSvg(plot, { size, id })}</div>`,
  )
  const note = plot.note === "" ? "" : `<p class="note">${renderInline(plot.note)}</p>`
  return (
    `<figure id="${escapeText(id)}">\n<figcaption>${escapeText(plot.title)}</figcaption>\n` +
    `<div class="drawing">${drawings.join("\n")}</div>\n<div>${note}</div>\n${renderData(plot)}\n</figure>`
  )
}

const renderData = (plot: Plot): string => {
  const all = plot.table.rows.length
  if (all === 0) return `<p class="note">There are no numbers behind this plot.</p>`
  const rows = plot.table.rows.slice(0, dataRows)
  const cut = all > dataRows ? `<p class="note">The first ${dataRows} of ${formatCount(all)} rows.</p>` : ""
  const label = `Data of: ${plot.title}`
  return (
    `<details class="data"><summary>Data, ${plural(all, "row", "rows")}</summary>${cut}` +
    `${scrollBox(label, tableHtml({ columns: plot.table.columns, rows }))}</details>`
  )
}

const renderTableBlock = (block: TableBlock): string => {
  const note = block.note === undefined ? "" : `\n<p class="note">${renderInline(block.note)}</p>`
  const html =
    block.table.rows.length === 0
      ? `<p class="note">No rows.</p>`
      : scrollBox(block.caption, tableHtml(block.table, block.highlight))
  return `<figure>\n<figcaption>${escapeText(block.caption)}</figcaption>\n${html}${note}\n</figure>`
}

/** A box of its own that scrolls sideways; focusable, so that the keyboard can scroll it too. */
const scrollBox = (label: string, content: string): string =>
  `<div class="scroll" role="region" tabindex="0" aria-label="${escapeText(label)}">${content}</div>`

const tableHtml = (table: DataTable, highlight: readonly number[] = []): string => {
  const shown = showTable(table)
  const side = (column: number) => (shown.right[column] ? ' class="number"' : "")
  const head = shown.labels.map((label, c) => `<th scope="col"${side(c)}>${escapeText(label)}</th>`).join("")
  const body = shown.rows.map((row, r) => {
    const cells = row.map((text, c) =>
      c === 0 && !shown.right[0]
        ? `<th scope="row"${text.length <= 24 ? ' class="brief"' : ""}>${escapeText(text)}</th>`
        : `<td${side(c)}>${escapeText(text)}</td>`,
    )
    return `<tr${highlight.includes(r) ? ' class="chosen"' : ""}>${cells.join("")}</tr>`
  })
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table>`
}

const toneWords = { info: "Note", good: "Good", warning: "Caution", bad: "Problem" }

const renderCallout = (block: CalloutBlock): string =>
  `<div class="callout ${block.tone}" role="note">` +
  `<p class="title"><span class="tone">${toneWords[block.tone]}:</span> ${renderInline(block.title)}</p>` +
  `${renderMarkdown(block.text ?? "")}</div>`

const renderCode = (block: CodeBlock): string => {
  const caption = block.caption === undefined ? "" : `<figcaption>${escapeText(block.caption)}</figcaption>\n`
  return `<figure>\n${caption}<pre tabindex="0"><code>${escapeText(block.code)}</code></pre>\n</figure>`
}
