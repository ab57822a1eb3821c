import { ascendingOrder } from "./order.ts"

/**
 * Median of the values. With weights: the mean of the smallest value with at least half of the weight at or
 * below it and the largest with at least half at or above it, so that a weight of 2 equals the value given
 * twice.
 */
export const weightedMedian = (values: Float64Array, weights: Float64Array | undefined): number => {
  if (weights === undefined) {
    const sorted = values.slice().sort()
    const middle = sorted.length >> 1
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  const order = ascendingOrder(values)
  let total = 0
  for (const weight of weights) total += weight
  let below = 0
  let lower: number | undefined
  for (const row of order) {
    below += weights[row]
    if (weights[row] === 0) continue
    if (lower !== undefined) return (lower + values[row]) / 2
    if (below > total / 2) return values[row]
    if (below === total / 2) lower = values[row]
  }
  return lower ?? values[order[order.length - 1]]
}

/**
 * Quantile q in 0..1 of ascending values, interpolated linearly between neighbours (Hyndman and Fan's type
 * 7).
 */
export const sortedQuantile = (sorted: Float64Array, q: number): number => {
  const position = q * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (position - below) * (sorted[above] - sorted[below])
}
