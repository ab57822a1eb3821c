import { quoteIdentifier, quoteText } from "@roadmap/warehouse/identifiers"
import type { Dialect, SqlEngine } from "@roadmap/warehouse/port"
import type { ColumnKind } from "./columns.ts"

/** The few words that differ between the SQL of DuckDB and of Spark. */
export interface SqlWords {
  readonly dialect: Dialect
  name(identifier: string): string
  text(literal: string): string
  timestamp(instant: string): string
  type(kind: ColumnKind): string
  matches(expression: string, pattern: string): string
  /** One row for each part of a comma-separated text; only in a select list. */
  splitToRows(expression: string): string
  /** The exact quantile at `probabilities[place]`; asking for several of one list costs one computation. */
  quantile(expression: string, probabilities: readonly number[], place: number): string
}

export const sqlWords = ({ dialect }: Pick<SqlEngine, "dialect">): SqlWords => {
  const text = (literal: string) => quoteText(literal, dialect)
  const types: Record<ColumnKind, string> = {
    integer: "BIGINT",
    number: "DOUBLE",
    text: dialect === "spark" ? "STRING" : "VARCHAR",
    boolean: "BOOLEAN",
    date: "DATE",
    timestamp: "TIMESTAMP",
  }
  return {
    dialect,
    name: identifier => quoteIdentifier(identifier, dialect),
    text,
    timestamp: instant => `TIMESTAMP ${text(instant)}`,
    type: kind => types[kind],
    matches: (expression, pattern) =>
      dialect === "spark"
        ? `${expression} RLIKE ${text(pattern)}`
        : `regexp_matches(${expression}, ${text(pattern)})`,
    splitToRows: expression =>
      dialect === "spark" ? `explode(split(${expression}, ','))` : `unnest(string_split(${expression}, ','))`,
    quantile: (expression, probabilities, place) =>
      dialect === "spark"
        ? `percentile(${expression}, array(${probabilities.join(", ")}))[${place}]`
        : `quantile_cont(${expression}, [${probabilities.join(", ")}])[${place + 1}]`,
  }
}
