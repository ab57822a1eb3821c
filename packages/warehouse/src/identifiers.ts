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
  tableParts(table)
    .map(part => quoteIdentifier(part, dialect))
    .join(".")

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
  return dialect === "spark"
    ? `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
    : `'${text.replaceAll("'", "''")}'`
}
