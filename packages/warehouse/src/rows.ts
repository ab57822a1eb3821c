import type { Column, ColumnBatch } from "./port.ts"

/** A value of a row object. Dates are texts such as "2001-06-30"; decimals their exact text. */
export type Cell = boolean | number | bigint | string | Date | null

/**
 * A small table as row objects, for people and for results of a few rows. int64 values become numbers where
 * a double holds them exactly and stay bigint beyond; timestamps become Dates, cut to milliseconds.
 * `Row` is the caller's promise about the statement's columns.
 */
export const rowsOf = <Row extends { [K in keyof Row]: Cell } = Record<string, Cell>>(
  batch: ColumnBatch,
): Row[] =>
  Array.from(
    { length: batch.rows },
    (_, row) => Object.fromEntries(batch.columns.map(column => [column.name, cellOf(column, row)])) as Row,
  )

/** One value of a column; null where it is not valid. */
export const cellOf = (column: Column, row: number): Cell => {
  if (column.valid?.[row] === 0) return null
  switch (column.type) {
    case "boolean":
      return column.values[row] !== 0
    case "int64": {
      const value = column.values[row]
      const asNumber = Number(value)
      return Number.isSafeInteger(asNumber) ? asNumber : value
    }
    case "date":
      return new Date(column.values[row] * 86_400_000).toISOString().slice(0, -14)
    case "timestamp":
      return new Date(Math.floor(Number(column.values[row]) / 1_000))
    default:
      return column.values[row]
  }
}
