import { RoadmapError } from "@roadmap/core/errors"
import type { Column, ColumnBatch, Field, Table } from "./port.ts"

/** One table of a statement's batches, in their order. */
export const concatBatches = (fields: readonly Field[], batches: readonly ColumnBatch[]): Table => {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0)
  const columns = fields.map((field, index) =>
    concatColumn(
      field,
      batches.map(batch => batch.columns[index]),
      rows,
    ),
  )
  return { fields, rows, columns }
}

const concatColumn = (field: Field, parts: readonly Column[], rows: number): Column => {
  if (parts.length === 1) return parts[0]
  const valid = parts.some(part => part.valid) ? new Uint8Array(rows).fill(1) : undefined
  let offset = 0
  for (const part of parts) {
    if (part.valid) valid!.set(part.valid, offset)
    offset += part.values.length
  }
  return { ...field, values: concatValues(field, parts, rows), ...(valid && { valid }) } as Column
}

const concatValues = (field: Field, parts: readonly Column[], rows: number): Column["values"] => {
  if (field.type === "string" || field.type === "decimal")
    return parts.flatMap(part => part.values as readonly string[])
  const joined = new arrayOf[field.type](rows)
  let offset = 0
  for (const part of parts) {
    joined.set(part.values as never, offset)
    offset += part.values.length
  }
  return joined
}

/** The typed array that holds each type; strings and decimals are plain arrays. */
const arrayOf = {
  boolean: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
  date: Int32Array,
  timestamp: BigInt64Array,
} as const

/** Refuses a batch that is not what its source's fields say. Throws INVALID_INPUT. */
export const checkBatch = (fields: readonly Field[], batch: ColumnBatch): void => {
  const refuse = (problem: string): never => {
    throw new RoadmapError("INVALID_INPUT", `A batch does not fit its fields: ${problem}.`)
  }
  if (batch.columns.length !== fields.length)
    refuse(`${batch.columns.length} columns for ${fields.length} fields`)
  fields.forEach((field, index) => {
    const column = batch.columns[index]
    if (column.name !== field.name) refuse(`column ${index + 1} is "${column.name}", not "${field.name}"`)
    if (column.type !== field.type) refuse(`"${field.name}" is ${column.type}, not ${field.type}`)
    if (column.values.length !== batch.rows)
      refuse(`"${field.name}" has ${column.values.length} values for ${batch.rows} rows`)
    if (column.valid && column.valid.length !== batch.rows)
      refuse(`"${field.name}" has ${column.valid.length} validity bytes for ${batch.rows} rows`)
    if (column.type === "decimal") {
      if (column.precision !== field.precision || column.scale !== field.scale)
        refuse(
          `"${field.name}" is decimal(${column.precision}, ${column.scale}), not (${field.precision}, ${field.scale})`,
        )
      const wrong = column.values.findIndex(
        (text, row) => column.valid?.[row] !== 0 && !isDecimal(text, column.precision, column.scale),
      )
      if (wrong !== -1)
        refuse(`"${column.values[wrong]}" is no decimal(${column.precision}, ${column.scale})`)
    }
  })
}

const isDecimal = (text: string, precision: number, scale: number): boolean => {
  const parts = /^-?(\d+)(?:\.(\d+))?$/.exec(text)
  return (
    parts !== null &&
    (parts[2]?.length ?? 0) <= scale &&
    parts[1].replace(/^0+/, "").length <= precision - scale
  )
}

/** Refuses an append whose columns are not the table's. Order does not matter. Throws SCHEMA_MISMATCH. */
export const checkSameNames = (
  table: string,
  existing: readonly Field[],
  arriving: readonly Field[],
): void => {
  const lower = (fields: readonly Field[]) => new Set(fields.map(field => field.name.toLowerCase()))
  const has = lower(existing)
  const gets = lower(arriving)
  const missing = existing.filter(field => !gets.has(field.name.toLowerCase())).map(field => field.name)
  const surplus = arriving.filter(field => !has.has(field.name.toLowerCase())).map(field => field.name)
  if (missing.length + surplus.length === 0) return
  const problems = [
    missing.length > 0 && `does not bring ${missing.join(", ")}`,
    surplus.length > 0 && `brings ${surplus.join(", ")}, which the table has not`,
  ].filter(Boolean)
  throw new RoadmapError("SCHEMA_MISMATCH", `The load into ${table} ${problems.join(" and ")}.`, {
    hint: "Give the source the table's columns, or load with mode replace.",
  })
}
