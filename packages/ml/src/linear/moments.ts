import { checkNumbers } from "../columns.ts"
import type { NumericColumn } from "../features.ts"
import { BLOCK_ROWS, COLUMN_BYTES } from "../kernels/layout.ts"
import { type LinearWorkspace, loadValues } from "./workspace.ts"

/** Of the values present: weighted mean and sum of squared distances from it. */
export interface ColumnMoments {
  mean: number
  squares: number
  present: number
  largest: number
}

/**
 * Moments of all columns in one pass over the rows. A block is summed as distances from the mean so far (what
 * rounding takes is then small beside the whole), and blocks are merged as Chan, Golub and LeVeque do (1983).
 * The first block is summed twice, about its first value and then its mean; a constant column has no spread.
 * Throws INVALID_INPUT for infinite values.
 */
export const momentsOfColumns = (
  workspace: LinearWorkspace,
  columns: readonly NumericColumn[],
  weights: Float64Array | undefined,
): ColumnMoments[] => {
  const { f64, kernels, sampleWeights, out } = workspace
  const place = workspace.dense + COLUMN_BYTES
  const moments = columns.map(() => ({ mean: 0, squares: 0, present: 0, largest: 0 }))
  const length = columns.length === 0 ? 0 : columns[0].values.length
  for (let first = 0; first < length; first += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, length - first)
    if (weights !== undefined) loadValues(workspace, weights, { first, rows, to: sampleWeights })
    for (let i = 0; i < columns.length; i++) {
      loadValues(workspace, columns[i].values, { first, rows, to: place })
      f64[place / 8 + rows] = Number.NaN
      const sofar = moments[i]
      const answer = f64.subarray(out / 8, out / 8 + 4)
      if (sofar.present === 0) {
        const shift = firstPresent(f64, place / 8, rows)
        kernels.summarize(place, sampleWeights, rows, shift, out)
        if (answer[1] > 0) sofar.mean = shift + answer[0] / answer[1]
      }
      kernels.summarize(place, sampleWeights, rows, sofar.mean, out)
      merge(sofar, answer)
    }
  }
  moments.forEach(({ largest }, i) => {
    if (largest === Infinity) checkNumbers(columns[i], "allow")
  })
  f64.fill(0, place / 8, (place + COLUMN_BYTES) / 8)
  return moments
}

const firstPresent = (values: Float64Array, from: number, rows: number): number => {
  for (let at = from; at < from + rows; at++) if (!Number.isNaN(values[at])) return values[at]
  return 0
}

/** `sum` and `squares` are about the mean so far. */
const merge = (to: ColumnMoments, [sum, present, squares, largest]: Float64Array): void => {
  to.largest = Math.max(to.largest, largest)
  if (!(present > 0)) return
  to.present += present
  // About the old mean the squares of both parts simply add up; then they move to the new mean.
  to.squares = Math.max(0, to.squares + squares - (sum * sum) / to.present)
  to.mean += sum / to.present
}
