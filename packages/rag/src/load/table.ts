import { toRoadmapError } from "@roadmap/core/errors"
import type { SqlEngine, SqlParameter } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import type { Metadata } from "../document.ts"
import { createDocument } from "./document.ts"
import type { Source } from "./source.ts"

export type TableRow = Record<string, Cell>

export interface TableOptions {
  name: string
  engine: SqlEngine
  /** One row a document; or rows of one document after each other, in order of `id`. */
  sql: string
  params?: readonly SqlParameter[]
  /** Rows that give the same id, one after the other, are one document. */
  id: (row: TableRow) => string
  title: (row: TableRow) => string
  /** Default: "column: value" lines of one row, a Markdown table of more. */
  text?: (rows: readonly TableRow[]) => string
  uri?: (row: TableRow) => string
  metadata?: (row: TableRow) => Metadata
}

/** Rows of a warehouse's statement as documents, streamed. A group that cannot be one is skipped with the reason. */
export const tableSource = (options: TableOptions): Source => ({
  name: options.name,
  async *documents({ signal, onSkipped } = {}) {
    const { name, engine, sql, params, title, text = defaultText, uri, metadata } = options
    for await (const { id, rows } of groupedRows(engine.stream(sql, params, { signal }), options.id)) {
      try {
        yield createDocument({
          id: `${name}/${id}`,
          source: name,
          uri: uri?.(rows[0]) ?? `${name}/${id}`,
          title: title(rows[0]),
          format: "table",
          text: text(rows),
          metadata: metadata?.(rows[0]),
        })
      } catch (error) {
        const { code, message } = toRoadmapError(error)
        onSkipped?.({ source: name, name: id, code, reason: message })
      }
    }
  },
})

async function* groupedRows(
  batches: ReturnType<SqlEngine["stream"]>,
  idOf: (row: TableRow) => string,
): AsyncGenerator<{ id: string; rows: TableRow[] }> {
  let open: { id: string; rows: TableRow[] } | undefined
  for await (const batch of batches)
    for (const row of rowsOf(batch)) {
      const id = idOf(row)
      if (open?.id === id) open.rows.push(row)
      else {
        if (open) yield open
        open = { id, rows: [row] }
      }
    }
  if (open) yield open
}

const defaultText = (rows: readonly TableRow[]): string => {
  const columns = Object.keys(rows[0])
  if (rows.length === 1) return columns.map(column => `${column}: ${cellText(rows[0][column])}`).join("\n")
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll("|", "\\|")).join(" | ")} |`
  return [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map(row => line(columns.map(column => cellText(row[column])))),
  ].join("\n")
}

const cellText = (cell: Cell): string =>
  cell === null ? "" : cell instanceof Date ? cell.toISOString() : String(cell).replace(/\s*\n\s*/g, " ")
