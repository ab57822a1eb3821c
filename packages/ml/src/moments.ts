import type { NumericArray } from "./input.ts"

export interface Moments {
  /** Weighted mean of the values present; 0 when there are none. */
  readonly mean: number
  /** Weighted sum of squared distances from the mean. */
  readonly squares: number
  /** Weight of the values present, and of all rows. */
  readonly present: number
  readonly total: number
  /** True when the spread is no more than rounding (the rule of scikit-learn's StandardScaler). */
  readonly constant: boolean
}

/** Mean and spread of a column in two passes; NaN is a missing value. */
export const momentsOf = (values: NumericArray, weights: Float64Array | undefined): Moments => {
  let sum = 0
  let present = 0
  let total = 0
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    total += weight
    const value = values[row]
    if (Number.isNaN(value)) continue
    sum += weight * value
    present += weight
  }
  const mean = present > 0 ? sum / present : 0
  let squares = 0
  let largest = 0
  for (let row = 0; row < values.length; row++) {
    const distance = values[row] - mean
    if (Number.isNaN(distance)) continue
    squares += (weights === undefined ? 1 : weights[row]) * distance * distance
    largest = Math.max(largest, Math.abs(values[row]))
  }
  const constant = !(Math.sqrt(squares / present) > 10 * Number.EPSILON * largest)
  return { mean, squares, present, total, constant }
}
