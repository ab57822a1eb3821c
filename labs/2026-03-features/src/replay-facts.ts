import { quoteIdentifier } from "@roadmap/warehouse/identifiers"
import type { Column, ColumnBatch, SqlEngine } from "@roadmap/warehouse/port"
import { factsTable } from "./contract.ts"

/** Facts of a past day in the order in which they became known, as a stream would bring them. */
export interface PastFacts {
  /** What became known up to this moment (microseconds) and was not given to this reader before. */
  until(moment: number, reader: string): ColumnBatch
}

export const factsKnown = async (
  engine: SqlEngine,
  knownTime: string,
  span: { from: Date; to: Date },
): Promise<PastFacts> => {
  const column = quoteIdentifier(knownTime)
  const table = await engine.query(
    `SELECT * EXCLUDE (date, day, split) FROM ${factsTable}
     WHERE ${column} > ? AND ${column} <= ? ORDER BY ${column}`,
    [span.from, span.to],
  )
  const known = table.columns.find(({ name }) => name === knownTime)!.values as BigInt64Array
  const given = new Map<string, number>()
  return {
    until(moment, reader) {
      const first = given.get(reader) ?? 0
      let last = first
      while (last < known.length && known[last] <= BigInt(moment)) last++
      given.set(reader, last)
      return { rows: last - first, columns: table.columns.map(each => sliceColumn(each, first, last)) }
    },
  }
}

const sliceColumn = (column: Column, first: number, last: number): Column =>
  ({
    ...column,
    values: column.values.slice(first, last),
    ...(column.valid && { valid: column.valid.slice(first, last) }),
  }) as Column
