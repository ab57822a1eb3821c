/**
 * Counts durations in buckets of equal relative width, as HDR histograms do (Tene, hdrhistogram.org): 256 buckets to an
 * octave, so a value is known to 0.4 %, from 1 µs to 70 minutes when the unit is the millisecond. Recording costs a few
 * nanoseconds and no memory; two histograms are added by adding their counts.
 */
export interface Histogram {
  /** Values below 2^-10 count as 2^-10, those from 2^22 on as the last bucket. NaN is not to be recorded. */
  record(value: number): void
  merge(other: HistogramCounts): void
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /**
   * The smallest recorded value that at least `share` (0 to 1) of the values do not exceed, rounded up to its bucket's
   * end and never above the largest value. NaN without values.
   */
  quantile(share: number): number
  /** How many values lie above `limit`, to the width of a bucket. */
  countAbove(limit: number): number
  toCounts(): HistogramCounts
}

/** Plain data: what travels between threads and adds up. */
export interface HistogramCounts {
  readonly buckets: Uint32Array
  readonly min: number
  readonly max: number
  readonly sum: number
}

const lowestPower = -10
const octaves = 32
/** Bits of the mantissa that name a bucket. */
const bits = 8
const bucketCount = octaves << bits
const shift = 20 - bits
/** A double's high word, shifted: exponent and the mantissa's first bits, which grow with the value. */
const base = (1023 + lowestPower) << bits

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const highWord = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

const bucketOf = (value: number): number => {
  double[0] = value
  const bucket = value > 0 ? (words[highWord] >>> shift) - base : 0
  return bucket < 0 ? 0 : bucket >= bucketCount ? bucketCount - 1 : bucket
}

/** Where the bucket after this one begins. */
const endOf = (bucket: number): number => {
  words[1 - highWord] = 0
  words[highWord] = (bucket + 1 + base) << shift
  return double[0]
}

export const createHistogram = (from?: HistogramCounts): Histogram => {
  const buckets = new Uint32Array(bucketCount)
  let count = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0

  const histogram: Histogram = {
    record(value) {
      buckets[bucketOf(value)]++
      count++
      sum += value
      if (value < min) min = value
      if (value > max) max = value
    },
    merge(other) {
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        buckets[bucket] += other.buckets[bucket]
        count += other.buckets[bucket]
      }
      sum += other.sum
      min = Math.min(min, other.min)
      max = Math.max(max, other.max)
    },
    get count() {
      return count
    },
    get min() {
      return count === 0 ? Number.NaN : min
    },
    get max() {
      return count === 0 ? Number.NaN : max
    },
    get mean() {
      return sum / count
    },
    quantile(share) {
      if (count === 0) return Number.NaN
      const wanted = Math.max(1, Math.ceil(share * count))
      let seen = 0
      for (let bucket = 0; bucket < bucketCount; bucket++) {
        seen += buckets[bucket]
        if (seen >= wanted) return Math.max(min, Math.min(max, endOf(bucket)))
      }
      return max
    },
    countAbove(limit) {
      let above = 0
      for (let bucket = bucketOf(limit) + 1; bucket < bucketCount; bucket++) above += buckets[bucket]
      return above
    },
    toCounts: () => ({ buckets: buckets.slice(), min, max, sum }),
  }
  if (from) histogram.merge(from)
  return histogram
}

/** The figures that a latency is told by, in the unit of the histogram. Null where nothing was recorded. */
export interface Percentiles {
  count: number
  min: number | null
  mean: number | null
  p50: number | null
  p75: number | null
  p90: number | null
  p95: number | null
  p99: number | null
  p999: number | null
  max: number | null
}

export const percentilesOf = (histogram: Histogram): Percentiles => {
  const known = (value: number): number | null => (Number.isNaN(value) ? null : value)
  const at = (share: number) => known(histogram.quantile(share))
  return {
    count: histogram.count,
    min: known(histogram.min),
    mean: known(histogram.mean),
    p50: at(0.5),
    p75: at(0.75),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: known(histogram.max),
  }
}
