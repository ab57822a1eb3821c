import { quoteIdentifier, quoteText, tableName } from "@roadmap/warehouse/identifiers"
import type { Dialect, Field } from "@roadmap/warehouse/port"
import { greatestValue } from "../window/state.ts"

/** The few words that differ between the SQL of DuckDB and of Spark. */
export interface SqlWords {
  readonly dialect: Dialect
  name(identifier: string): string
  table(ref: string): string
  text(literal: string): string
  /** A timestamp as whole microseconds since 1970. */
  micros(expression: string): string
  /** Microseconds since 1970 as a timestamp. */
  moment(micros: number): string
  momentOf(micros: string): string
  /** The bucket of a moment: whole windows since 1970. */
  bucket(expression: string, window: number): string
  asText(expression: string): string
  /** How many different values, over a window. */
  distinctOver(expression: string, over: string): string
  struct(parts: Readonly<Record<string, string>>): string
}

export const sqlWords = (dialect: Dialect): SqlWords => {
  const spark = dialect === "spark"
  const name = (identifier: string) => quoteIdentifier(identifier, dialect)
  const momentOf = (micros: string) => `${spark ? "timestamp_micros" : "make_timestamp"}(${micros})`
  return {
    dialect,
    name,
    table: ref => tableName(ref, dialect),
    text: literal => quoteText(literal, dialect),
    micros: expression =>
      spark ? `unix_micros(CAST(${expression} AS TIMESTAMP))` : `epoch_us(${expression})`,
    moment: micros => momentOf(String(micros)),
    momentOf,
    bucket: (expression, window) => `CAST(floor(${expression} / CAST(${window} AS DOUBLE)) AS BIGINT)`,
    asText: expression => `CAST(${expression} AS ${spark ? "STRING" : "VARCHAR"})`,
    distinctOver: (expression, over) =>
      spark ? `size(collect_set(${expression}) OVER ${over})` : `count(DISTINCT ${expression}) OVER ${over}`,
    struct: parts =>
      spark
        ? `named_struct(${Object.entries(parts)
            .map(([part, expression]) => `${quoteText(part, dialect)}, ${expression}`)
            .join(", ")})`
        : `struct_pack(${Object.entries(parts)
            .map(([part, expression]) => `${name(part)} := ${expression}`)
            .join(", ")})`,
  }
}

export const isNumeric = ({ type }: Field): boolean =>
  ["boolean", "int32", "int64", "float32", "float64", "decimal"].includes(type)

/** The value that counts: a number as it is, a boolean as 0 or 1, null instead of NaN, infinity and what is beyond 1e300. */
export const numberSql = (field: Field, words: SqlWords): string => {
  const column = words.name(field.name)
  if (field.type === "boolean") return `CAST(${column} AS INTEGER)`
  if (field.type === "int32" || field.type === "int64") return column
  const double = `CAST(${column} AS DOUBLE)`
  return `CASE WHEN abs(${double}) <= ${greatestValue.toExponential()} THEN ${double} END`
}
