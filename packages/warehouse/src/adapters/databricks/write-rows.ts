import { quoteIdentifier, quoteText } from "../../identifiers.ts"
import type { Column, ColumnBatch, Field } from "../../port.ts"
import { doubleText } from "./parameters.ts"
import { dateText, timestampText } from "./texts.ts"

/** Rows as a SELECT that gives them back, with their fields' types. */
export interface RowsSelect {
  readonly rows: number
  readonly sql: string
}

/**
 * Collects batches into SELECT statements of at most about `limit` characters. The rows travel as one JSON text, value
 * by value as text, and are cast by the warehouse: parsing that is many times faster than parsing a VALUES list. A
 * column with one value for all rows (a file's name, its hash) is written once.
 */
export async function* rowSelects(
  fields: readonly Field[],
  batches: Iterable<ColumnBatch> | AsyncIterable<ColumnBatch>,
  limit: number,
): AsyncGenerator<RowsSelect> {
  let collected = collect(fields)
  for await (const batch of batches)
    for (let row = 0; row < batch.rows; row++) {
      collected.add(batch, row)
      if (collected.size() < limit) continue
      yield collected.select()
      collected = collect(fields)
    }
  if (!collected.isEmpty()) yield collected.select()
}

/** The SELECT of no row. */
export const noRows = (fields: readonly Field[]): string =>
  `SELECT ${fields.map(field => `CAST(NULL AS ${sparkType(field)}) AS ${name(field)}`).join(", ")} WHERE 1 = 0`

const collect = (fields: readonly Field[]) => {
  const columns = fields.map((): Sent => ({ values: [], varies: false, size: 0 }))
  let rows = 0
  return {
    add({ columns: added }: ColumnBatch, row: number) {
      for (let index = 0; index < columns.length; index++) {
        const column = columns[index]
        const text = textOf(added[index], row)
        column.values.push(text)
        column.size += (text?.length ?? 4) + 3
        // A NUL cannot be written as a SQL text, only as JSON.
        column.varies ||= text !== column.values[0] || (rows === 0 && text?.includes("\0") === true)
      }
      rows++
    },
    size: () => columns.reduce((sum, { varies, size }) => sum + (varies ? size : 0), rows * 3),
    isEmpty: () => rows === 0,
    select: (): RowsSelect => ({ rows, sql: selectOf(fields, columns, rows) }),
  }
}

interface Sent {
  readonly values: (string | null)[]
  /** Not the same in all rows. */
  varies: boolean
  /** Characters, when all values are written. */
  size: number
}

const selectOf = (fields: readonly Field[], columns: readonly Sent[], rows: number): string => {
  const sent = columns.filter(({ varies }) => varies)
  const lines = Array.from({ length: rows }, (_, row) => sent.map(({ values }) => values[row]))
  let place = 0
  const list = fields.map((field, index) => {
    const { varies, values } = columns[index]
    const value = varies ? `r[${place++}]` : values[0] === null ? "NULL" : quoteText(values[0], "spark")
    return `CAST(${value} AS ${sparkType(field)}) AS ${name(field)}`
  })
  const json = quoteText(JSON.stringify(lines), "spark")
  return `SELECT ${list.join(", ")} FROM (SELECT explode(from_json(${json}, 'array<array<string>>', map('mode', 'FAILFAST'))) AS r) AS sent_rows`
}

const name = (field: Field): string => quoteIdentifier(field.name, "spark")

/** The Spark type that stores a field exactly. */
export const sparkType = (field: Field): string =>
  field.type === "decimal" ? `DECIMAL(${field.precision ?? 18}, ${field.scale ?? 3})` : sparkTypes[field.type]

const sparkTypes = {
  boolean: "BOOLEAN",
  int32: "INT",
  int64: "BIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  date: "DATE",
  timestamp: "TIMESTAMP",
  string: "STRING",
}

/** A value as text that Spark's cast reads back exactly. */
const textOf = (column: Column, row: number): string | null => {
  if (column.valid?.[row] === 0) return null
  switch (column.type) {
    case "boolean":
      return column.values[row] === 0 ? "false" : "true"
    case "float32":
    case "float64":
      return doubleText(column.values[row])
    case "date":
      return dateText(column.values[row])
    case "timestamp":
      return timestampText(column.values[row])
    default:
      return String(column.values[row])
  }
}
