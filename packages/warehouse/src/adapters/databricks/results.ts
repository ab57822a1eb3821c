import { RoadmapError } from "@roadmap/core/errors"
import { batchRowLimit, type Column, type ColumnBatch, type Field } from "../../port.ts"
import { arrowReader } from "./read-arrow.ts"
import { readColumns } from "./read-columns.ts"
import { type ColumnDescription, type ResultMetadata, type RowSet, resultFormat, typeId } from "./wire.ts"

export interface RowReader {
  readonly fields: readonly Field[]
  /** Batches of 1 to `batchRowLimit` rows; none for no row. */
  read(rows: RowSet): ColumnBatch[]
}

/**
 * The reader of a result in the format that the warehouse chose: Arrow, or Thrift columns (Spark's own server, old
 * runtimes). Throws SQL_INVALID for a column whose type does not travel.
 */
export const rowReader = async ({
  schema,
  resultFormat: format,
  arrowSchema,
}: ResultMetadata): Promise<RowReader> => {
  const columns = [...(schema?.columns ?? [])].sort((a, b) => a.position - b.position)
  const fields = columns.map(fieldOf)
  if (format === resultFormat.columns)
    return {
      fields,
      // Spark sends no column at all for the empty result of a DDL statement.
      read: ({ columns: sent }) => (sent?.length ? split(readColumns(sent, columns, fields)) : []),
    }
  if (format === resultFormat.arrow) {
    const read = await arrowReader(fields, arrowSchema ?? undefined)
    return {
      fields,
      read: rows => (rows.arrowBatches ?? []).flatMap(({ batch }) => read(batch).flatMap(split)),
    }
  }
  throw new RoadmapError(
    "SQL_FAILED",
    `The warehouse sends its result in a format (${format}) that was not asked for.`,
  )
}

/** Narrow integers widen to int32; `CHAR` and `VARCHAR` are strings; a column of nothing but NULL is an int32. */
const fieldOf = ({ columnName: name, typeDesc }: ColumnDescription): Field => {
  const entry = typeDesc.types[0]?.primitiveEntry
  const type = entry ? fieldTypes[entry.type] : undefined
  if (type === undefined)
    throw new RoadmapError(
      "SQL_INVALID",
      `Column "${name}" has a type that does not travel (nested, binary or interval).`,
      {
        hint: "Cast it in the statement, for example to string or double.",
      },
    )
  if (type !== "decimal") return { name, type }
  const digits = entry?.typeQualifiers?.qualifiers ?? {}
  return { name, type, precision: digits.precision?.i32Value ?? 38, scale: digits.scale?.i32Value ?? 0 }
}

const fieldTypes: Record<number, Field["type"] | undefined> = {
  [typeId.boolean]: "boolean",
  [typeId.tinyint]: "int32",
  [typeId.smallint]: "int32",
  [typeId.int]: "int32",
  [typeId.bigint]: "int64",
  [typeId.float]: "float32",
  [typeId.double]: "float64",
  [typeId.string]: "string",
  [typeId.varchar]: "string",
  [typeId.char]: "string",
  [typeId.timestamp]: "timestamp",
  [typeId.date]: "date",
  [typeId.decimal]: "decimal",
  [typeId.null]: "int32",
}

/** A warehouse may send more rows at once than a batch may have. */
const split = (batch: ColumnBatch): ColumnBatch[] => {
  if (batch.rows <= batchRowLimit) return batch.rows === 0 ? [] : [batch]
  return Array.from({ length: Math.ceil(batch.rows / batchRowLimit) }, (_, index) => {
    const from = index * batchRowLimit
    const to = Math.min(batch.rows, from + batchRowLimit)
    const columns = batch.columns.map(column => ({
      ...column,
      values: column.values.slice(from, to),
      ...(column.valid && { valid: column.valid.slice(from, to) }),
    })) as Column[]
    return { rows: to - from, columns }
  })
}
