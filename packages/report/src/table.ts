import { columnFormat, formatDecimals } from "./format.ts"
import { plainText, textWidth, truncateText } from "./text-width.ts"

export type Cell = string | number | boolean | null

export interface Column {
  readonly label: string
  /** Default: right when every value is a number, else left. */
  readonly align?: "left" | "right"
  /** Default: one number of decimals for the whole column (columnFormat). */
  readonly format?: (value: number) => string
}

/** Rows of cells under columns. Missing cells are null and shown as "–". */
export interface DataTable {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

export interface TextTableOptions {
  /** Columns of the terminal. Text is cut to fit; numbers never are. Default 100. */
  width?: number
  /** Colours a padded cell. Called after the widths are known, so colour codes do not disturb them. */
  paint?: (text: string, row: number, column: number) => string
}

/** A table whose cells are text and whose columns know their side. */
export interface ShownTable {
  readonly labels: readonly string[]
  readonly right: readonly boolean[]
  readonly rows: readonly (readonly string[])[]
}

/** Formats every cell and decides the side of each column. */
export const showTable = (table: DataTable): ShownTable => {
  const values = table.columns.map((_, c) => table.rows.map(row => row[c] ?? null))
  const numbers = values.map(column => column.filter(value => typeof value === "number"))
  const formats = table.columns.map((column, c) => column.format ?? columnFormat(numbers[c]))
  const right = table.columns.map((column, c) =>
    column.align === undefined
      ? numbers[c].length > 0 && values[c].every(value => value === null || typeof value === "number")
      : column.align === "right",
  )
  return {
    labels: table.columns.map(column => column.label),
    right,
    rows: table.rows.map(row => table.columns.map((_, c) => showCell(row[c] ?? null, formats[c]))),
  }
}

/**
 * An aligned table for a terminal, without a line break at its end. When even the numbers do not fit the
 * width, each row becomes a block of "label  value" lines instead.
 */
export const textTable = (table: DataTable, options: TextTableOptions = {}): string => {
  const { width = 100, paint = (text: string) => text } = options
  const shown = showTable(table)
  const labels = shown.labels.map(plainText)
  const rows = shown.rows.map(row => row.map(plainText))
  const widths = labels.map((label, c) => Math.max(textWidth(label), ...rows.map(row => textWidth(row[c]))))
  if (!shrinkToFit(widths, labels, shown.right, width)) return textRecords(labels, rows, width, paint)
  const place = (text: string, c: number): string => {
    const cut = truncateText(text, widths[c])
    const space = " ".repeat(widths[c] - textWidth(cut))
    return shown.right[c] ? space + cut : cut + space
  }
  const line = (cells: readonly string[]) => cells.join("  ").trimEnd()
  return [
    line(labels.map(place)),
    widths.map(size => "─".repeat(size)).join("  "),
    ...rows.map((row, r) => line(row.map((text, c) => paint(place(text, c), r, c)))),
  ].join("\n")
}

/** A GitHub-flavoured Markdown table, padded so that its source reads well too. Ends without a line break. */
export const markdownTable = (table: DataTable): string => {
  const shown = showTable(table)
  const labels = shown.labels.map(markdownCell)
  const rows = shown.rows.map(row => row.map(markdownCell))
  const widths = labels.map((label, c) =>
    Math.max(3, textWidth(label), ...rows.map(row => textWidth(row[c]))),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((text, c) => {
        const space = " ".repeat(widths[c] - textWidth(text))
        return shown.right[c] ? space + text : text + space
      })
      .join(" | ")} |`
  const rule = widths.map((size, c) => (shown.right[c] ? `${"-".repeat(size - 1)}:` : "-".repeat(size)))
  return [line(labels), line(rule), ...rows.map(line)].join("\n")
}

const showCell = (value: Cell, format: (value: number) => string): string => {
  if (value === null) return "–"
  if (typeof value === "number") return Number.isFinite(value) ? format(value) : formatDecimals(value, 0)
  if (typeof value === "boolean") return value ? "yes" : "no"
  return value
}

/** Takes columns from the widest text until the row fits. False when the numbers alone are too wide. */
const shrinkToFit = (
  widths: number[],
  labels: string[],
  right: readonly boolean[],
  width: number,
): boolean => {
  let excess = widths.reduce((sum, size) => sum + size + 2, -2) - width
  while (excess > 0) {
    let widest = -1
    for (let c = 0; c < widths.length; c++)
      if (
        !right[c] &&
        widths[c] > Math.min(8, textWidth(labels[c])) &&
        (widest < 0 || widths[c] > widths[widest])
      )
        widest = c
    if (widest < 0 || widths[widest] <= 4) return false
    widths[widest]--
    excess--
  }
  return true
}

const textRecords = (
  labels: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: (text: string, row: number, column: number) => string,
): string => {
  const widest = Math.min(Math.max(0, ...labels.map(textWidth)), Math.max(4, Math.floor(width / 2)))
  return rows
    .map((row, r) =>
      row
        .map((text, c) => {
          const label = truncateText(labels[c], widest)
          return `${label}${" ".repeat(widest - textWidth(label))}  ${paint(text, r, c)}`
        })
        .join("\n"),
    )
    .join("\n\n")
}

const markdownCell = (text: string): string =>
  plainText(text).replace(/[\\|]/g, "\\$&").replace(/</g, "&lt;").trim()
