import { type NumericArray, totalWeight } from "../input.ts"
import { weightedMedian } from "./median.ts"
import { checkPairs } from "./rows.ts"

export interface MetricOptions {
  /** How much each row counts, >= 0. Default: 1 each. */
  readonly weights?: NumericArray
}

/** Root of the mean squared error, in the units of the target. */
export const rmse = (target: NumericArray, predicted: NumericArray, options: MetricOptions = {}): number =>
  Math.sqrt(meanSquaredError(target, predicted, options))

export const meanSquaredError = (
  target: NumericArray,
  predicted: NumericArray,
  options: MetricOptions = {},
): number => {
  const { y, p, w } = checkPairs(target, predicted, options)
  let sum = 0
  for (let row = 0; row < y.length; row++) {
    const error = y[row] - p[row]
    sum += error * error * (w === undefined ? 1 : w[row])
  }
  return sum / totalWeight(y.length, w)
}

/** Mean absolute error, in the units of the target. */
export const mae = (target: NumericArray, predicted: NumericArray, options: MetricOptions = {}): number => {
  const { y, p, w } = checkPairs(target, predicted, options)
  let sum = 0
  for (let row = 0; row < y.length; row++) sum += Math.abs(y[row] - p[row]) * (w === undefined ? 1 : w[row])
  return sum / totalWeight(y.length, w)
}

/** Median absolute error. With weights: the mean of the lower and the upper weighted median. */
export const medianAbsoluteError = (
  target: NumericArray,
  predicted: NumericArray,
  options: MetricOptions = {},
): number => {
  const { y, p, w } = checkPairs(target, predicted, options)
  return weightedMedian(
    y.map((value, row) => Math.abs(value - p[row])),
    w,
  )
}

/**
 * Share of the target's variance that is explained: 1 - residual / total sum of squares. May be negative.
 * A constant target gives 1 when predicted exactly and 0 otherwise, as in scikit-learn.
 */
export const r2 = (target: NumericArray, predicted: NumericArray, options: MetricOptions = {}): number => {
  const { y, p, w } = checkPairs(target, predicted, options)
  let mean = 0
  for (let row = 0; row < y.length; row++) mean += y[row] * (w === undefined ? 1 : w[row])
  mean /= totalWeight(y.length, w)
  let residual = 0
  let total = 0
  for (let row = 0; row < y.length; row++) {
    const weight = w === undefined ? 1 : w[row]
    residual += weight * (y[row] - p[row]) ** 2
    total += weight * (y[row] - mean) ** 2
  }
  if (total === 0) return residual === 0 ? 1 : 0
  return 1 - residual / total
}
