/** The distinct thresholds of one feature, ascending, with a table that narrows the search for a value. */
export interface Thresholds {
  readonly values: Float64Array
  readonly lowest: number
  /** Buckets a unit of the feature. */
  readonly perUnit: number
  /** Thresholds in the buckets before each bucket; one entry more than buckets. */
  readonly before: Int32Array
}

export const indexThresholds = (thresholds: readonly number[]): Thresholds => {
  const values = Float64Array.from(new Set(thresholds)).sort()
  const buckets = 2 * values.length + 1
  const lowest = values.length === 0 ? 0 : values[0]
  const range = values.length === 0 ? 0 : values[values.length - 1] - lowest
  const index = {
    values,
    lowest,
    perUnit: range > 0 && range < Infinity ? (buckets - 1) / range : 0,
    before: new Int32Array(buckets + 1),
  }
  for (const value of values) index.before[bucketOf(index, value) + 1]++
  for (let bucket = 0; bucket < buckets; bucket++) index.before[bucket + 1] += index.before[bucket]
  return index
}

/**
 * How many thresholds are below the value: it is above threshold number r exactly when this count is above r.
 */
export const countBelow = (index: Thresholds, value: number): number => {
  const { values, before } = index
  const bucket = bucketOf(index, value)
  let low = before[bucket]
  let high = before[bucket + 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Never falls as the value rises, so thresholds in earlier buckets are below it. */
const bucketOf = ({ lowest, perUnit, before }: Thresholds, value: number): number => {
  const position = (value - lowest) * perUnit
  if (!(position > 0)) return 0
  return position < before.length - 2 ? Math.floor(position) : before.length - 2
}
