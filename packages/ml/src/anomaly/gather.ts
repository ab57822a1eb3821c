import type { Points } from "../clustering/points.ts"
import type { NumericColumn } from "../features.ts"

/** The given rows of the columns, row by row. */
export const gatherPoints = (columns: readonly NumericColumn[], rows: Int32Array): Points => {
  const width = columns.length
  const values = new Float64Array(rows.length * width)
  columns.forEach((column, place) => {
    for (let i = 0; i < rows.length; i++) values[i * width + place] = column.values[rows[i]]
  })
  return { rows: rows.length, width, values }
}
