import { quoteIdentifier } from "@roadmap/warehouse/identifiers"
import type { SqlEngine } from "@roadmap/warehouse/port"

/** The few words of February's statements that differ between the SQL of DuckDB and of Spark. */
export interface SqlWords {
  name(identifier: string): string
  /** The UTC day of a timestamp, days since 1970 as an INTEGER. */
  day(timestamp: string): string
  /** A timestamp's UTC day as text, such as "2001-06-30". */
  dayText(timestamp: string): string
}

export const sqlWords = ({ dialect }: Pick<SqlEngine, "dialect">): SqlWords => ({
  name: identifier => quoteIdentifier(identifier, dialect),
  day: timestamp =>
    dialect === "spark"
      ? `unix_date(CAST(${timestamp} AS DATE))`
      : `CAST(floor(epoch(${timestamp}) / 86400) AS INTEGER)`,
  dayText: timestamp =>
    dialect === "spark" ? `date_format(${timestamp}, 'yyyy-MM-dd')` : `strftime(${timestamp}, '%Y-%m-%d')`,
})
