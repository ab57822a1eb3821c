import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import type { NumericArray } from "../input.ts"
import type { MetricName } from "./catalog.ts"
import { sortedQuantile } from "./median.ts"
import { resample, statisticOf, unitsOf } from "./resample.ts"
import type { Statistic } from "./statistic.ts"

export interface BootstrapOptions {
  readonly weights?: NumericArray
  /**
   * Group of each row, any whole numbers. Whole groups are drawn instead of rows: use it when the rows of a
   * group are not independent (flights of one day), or the interval comes out too narrow.
   */
  readonly groups?: Int32Array
  /** Number of resamples. Default 200. */
  readonly replicates?: number
  /** Share of resamples inside the interval. Default 0.95. */
  readonly level?: number
  readonly random?: Random
}

export interface Interval {
  /** The metric on the rows as they are. */
  readonly estimate: number
  readonly low: number
  readonly high: number
  /** Standard deviation over the resamples. */
  readonly standardError: number
  readonly level: number
  /** Resamples in which the metric was defined (a ranking needs both classes). */
  readonly replicates: number
}

/**
 * Percentile bootstrap interval of a metric (Efron and Tibshirani, 1993, chapter 13); with `groups` the
 * cluster bootstrap. Throws INVALID_INPUT.
 */
export const bootstrapInterval = (
  input: {
    readonly metric: MetricName
    readonly target: NumericArray
    readonly predicted: NumericArray
  } & BootstrapOptions,
): Interval => {
  const units = unitsOf(input.groups, input.target.length)
  return bootstrap(statisticOf(input, input.predicted, units), units.count, input)
}

/**
 * Interval of metric(first) - metric(second) for two models on the same rows. Each resample draws the same
 * rows for both, so what the models share cancels out. Throws INVALID_INPUT.
 */
export const bootstrapDifference = (
  input: {
    readonly metric: MetricName
    readonly target: NumericArray
    readonly first: NumericArray
    readonly second: NumericArray
  } & BootstrapOptions,
): Interval => {
  const units = unitsOf(input.groups, input.target.length)
  const first = statisticOf(input, input.first, units)
  const second = statisticOf(input, input.second, units)
  return bootstrap(drawn => first(drawn) - second(drawn), units.count, input)
}

const bootstrap = (statistic: Statistic, units: number, options: BootstrapOptions): Interval => {
  const { replicates = 200, level = 0.95, random = createRandom(0) } = options
  if (!Number.isInteger(replicates) || replicates < 2)
    throw new RoadmapError(
      "INVALID_INPUT",
      `replicates is ${replicates}; it must be a whole number of at least 2.`,
    )
  const estimate = statistic(new Int32Array(units).fill(1))
  return percentileInterval(estimate, resample(statistic, { units, replicates, random }), level)
}

/** The middle `level` of the resampled values. Sorts them. Throws INVALID_INPUT for a level out of (0, 1). */
export const percentileInterval = (estimate: number, values: Float64Array, level: number): Interval => {
  if (!(level > 0 && level < 1))
    throw new RoadmapError("INVALID_INPUT", `level is ${level}; it must be between 0 and 1, such as 0.95.`)
  values.sort()
  return {
    estimate,
    low: sortedQuantile(values, (1 - level) / 2),
    high: sortedQuantile(values, (1 + level) / 2),
    standardError: standardDeviation(values),
    level,
    replicates: values.length,
  }
}

/** Of a sample: divided by n - 1. 0 for a single value. */
export const standardDeviation = (values: Float64Array): number => {
  let mean = 0
  for (const value of values) mean += value / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1))
}
