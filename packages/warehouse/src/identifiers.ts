import { RoadmapError } from "@roadmap/core/errors"
import type { Dialect, TableRef } from "./port.ts"

/** The name as an identifier of this dialect, whatever characters it has. Throws INVALID_INPUT for none or a NUL. */
export const quoteIdentifier = (name: string, dialect: Dialect = "duckdb"): string => {
  if (name === "" || name.includes("\0"))
    throw new RoadmapError("INVALID_INPUT", `${JSON.stringify(name)} is no name for a table or column.`)
  return dialect === "spark" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`
}

/** `bronze.flights` as `"bronze"."flights"`, ready for SQL. */
export const tableName = (table: TableRef, dialect: Dialect = "duckdb"): string =>
  quoted(namesOf(table, dialect), dialect)

/** The schema that a table lies in, ready for SQL: `main.bronze.flights` lies in `main`.`bronze`. */
export const schemaName = (table: TableRef, dialect: Dialect = "duckdb"): string | undefined => {
  const names = namesOf(table, dialect).slice(0, -1)
  return names.length === 0 ? undefined : quoted(names, dialect)
}

const quoted = (names: readonly string[], dialect: Dialect): string =>
  names.map(name => quoteIdentifier(name, dialect)).join(".")

/** Spark's names have a catalog in front: `catalog.schema.table`. */
const namesOf = (table: TableRef, dialect: Dialect): readonly string[] => {
  const parts = tableParts(table)
  if (dialect !== "spark" || typeof table !== "string" || parts.length === 1) return parts
  const [catalog, rest] = parts
  return [catalog, ...tableParts(rest)]
}

/** Schema (when there is one) and name. */
export const tableParts = (table: TableRef): readonly [string] | readonly [string, string] => {
  if (typeof table !== "string") return table
  const dot = table.indexOf(".")
  return dot === -1 ? [table] : [table.slice(0, dot), table.slice(dot + 1)]
}

/** A table as people write it. */
export const tableText = (table: TableRef): string => tableParts(table).join(".")

/** Text as a SQL literal, for the few places that take no parameter (DDL, file lists). */
export const quoteText = (text: string, dialect: Dialect = "duckdb"): string => {
  if (text.includes("\0"))
    throw new RoadmapError("INVALID_INPUT", "A text with a NUL cannot be written in SQL.")
  // Spark puts a variable's value in the place of `${…}`, inside texts too.
  return dialect === "spark"
    ? `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("${", "\\u0024{")}'`
    : `'${text.replaceAll("'", "''")}'`
}
