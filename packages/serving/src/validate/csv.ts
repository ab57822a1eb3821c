import { isUtf8 } from "node:buffer"
import type { InputColumn } from "../model/inputs.ts"
import { malformed, type Refusal } from "./refusal.ts"
import type { ReadTable, TableReader } from "./table.ts"

/**
 * Reads CSV (RFC 4180, a header line first) as rows of the signature. An empty cell, and `NaN` in a column
 * of decimals, is a missing value; truth values are true or false in any case, as pandas writes them. Cells
 * that are no value of their column stay texts and are refused as such.
 */
export const readCsv = (reader: TableReader, bytes: Buffer): ReadTable | Refusal => {
  if (!isUtf8(bytes)) return malformed("The body is not valid UTF-8.")
  const text = bytes.toString("utf8")
  const lines = splitCsv(text.startsWith("\ufeff") ? text.slice(1) : text)
  if (lines === undefined)
    return malformed("The CSV has a quote that is not closed or not at the edge of its cell.")
  const [header, ...rows] = lines
  if (header === undefined) return malformed("The CSV is empty; a line of column names was expected.")
  const inputOf = new Map(reader.inputs.map(input => [input.name, input]))
  const columns = header.map(name => inputOf.get(name))
  const data = rows.map(cells => cells.map((cell, at) => cellValue(columns[at], cell)))
  return reader.split(header, data)
}

/** The value that a cell stands for; the text itself when it stands for none. */
const cellValue = (input: InputColumn | undefined, cell: string): unknown => {
  if (input === undefined) return cell
  if (cell === "") return null
  switch (input.type) {
    case "string":
    case "datetime":
      return cell
    case "boolean":
      return /^true$/i.test(cell) ? true : /^false$/i.test(cell) ? false : cell
    case "integer":
    case "long":
      return /^[+-]?\d+$/.test(cell) ? Number(cell) : cell
    default:
      if (/^nan$/i.test(cell)) return null
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : cell
  }
}

/** Lines of cells; an empty last line is none. Undefined for a quote out of place. */
const splitCsv = (text: string): string[][] | undefined => {
  const lines: string[][] = []
  let cells: string[] = []
  let at = 0
  while (at < text.length) {
    if (cells.length === 0 && lineBreak(text, at) > 0) {
      // A blank line, which pandas passes over too.
      at += lineBreak(text, at)
      continue
    }
    let cell: string
    if (text[at] === '"') {
      let end = text.indexOf('"', at + 1)
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
      if (end < 0) return undefined
      cell = text.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
    } else {
      const end = endOfCell(text, at)
      cell = text.slice(at, end)
      if (cell.includes('"')) return undefined
      at = end
    }
    cells.push(cell)
    if (text[at] === ",") {
      at++
      if (at < text.length && text[at] !== "\n" && text[at] !== "\r") continue
      cells.push("")
    }
    const brk = lineBreak(text, at)
    if (brk === 0 && at < text.length) return undefined
    at += brk
    lines.push(cells)
    cells = []
  }
  return lines
}

const endOfCell = (text: string, from: number): number => {
  let at = from
  while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at++
  return at
}

const lineBreak = (text: string, at: number): number =>
  text[at] === "\n" ? 1 : text[at] === "\r" ? (text[at + 1] === "\n" ? 2 : 1) : 0
