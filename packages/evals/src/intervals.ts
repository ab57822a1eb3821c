import { createRandom } from "@roadmap/core/random"
import { type Interval, percentileInterval } from "@roadmap/ml/metrics/bootstrap"
import { resample } from "@roadmap/ml/metrics/resample"

/** A share with its interval. */
export interface Rate {
  successes: number
  total: number
  /** NaN without any case. */
  estimate: number
  low: number
  high: number
}

/** z of the middle 95 % of a normal distribution. */
const z = 1.959963984540054

/**
 * Share of successes with Wilson's score interval, 95 % (Wilson, JASA 22, 1927): it stays inside of 0 to 1 and is right
 * for few cases and for shares near the ends, where the bootstrap's has no width.
 */
export const wilson = (successes: number, total: number): Rate => {
  if (total === 0) return { successes, total, estimate: Number.NaN, low: 0, high: 1 }
  const share = successes / total
  const centre = share + (z * z) / (2 * total)
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total))
  const scale = 1 + (z * z) / total
  return {
    successes,
    total,
    estimate: share,
    low: successes === 0 ? 0 : (centre - spread) / scale,
    high: successes === total ? 1 : (centre + spread) / scale,
  }
}

/** Resamples of every interval here. */
const replicates = 2000

/** Mean over questions with its percentile bootstrap interval, 95 %. The same values give the same interval. */
export const meanInterval = (values: readonly number[]): Interval => bootstrapMean(values)

/**
 * Mean difference of two systems over the same questions (first - second) and its interval. Each resample draws
 * questions, so what is hard for both cancels out. Both lists are in the order of the questions.
 */
export const pairedDifference = (first: readonly number[], second: readonly number[]): Interval =>
  bootstrapMean(first.map((value, index) => value - second[index]))

const bootstrapMean = (values: readonly number[]): Interval => {
  const units = values.length
  if (units === 0)
    return {
      estimate: Number.NaN,
      low: Number.NaN,
      high: Number.NaN,
      standardError: Number.NaN,
      level: 0.95,
      replicates: 0,
    }
  const mean = (drawn: Int32Array): number => {
    let sum = 0
    for (let unit = 0; unit < units; unit++) sum += drawn[unit] * values[unit]
    return sum / units
  }
  const resampled = resample(mean, { units, replicates, random: createRandom(0) })
  return percentileInterval(mean(new Int32Array(units).fill(1)), resampled, 0.95)
}
