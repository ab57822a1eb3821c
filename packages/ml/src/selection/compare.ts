import { RoadmapError } from "@roadmap/core/errors"
import { createRandom } from "@roadmap/core/random"
import { checkValues, type NumericArray } from "../input.ts"
import {
  type BootstrapOptions,
  type Interval,
  percentileInterval,
  standardDeviation,
} from "../metrics/bootstrap.ts"
import type { MetricName } from "../metrics/catalog.ts"
import { resample, statisticOf, unitsOf } from "../metrics/resample.ts"
import type { CrossValidation } from "./cross-validate.ts"
import { studentCdf, studentQuantile } from "./student-t.ts"

/** Whether two models differ: first minus second. */
export interface Comparison {
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly level: number
  /** Probability of a difference at least as large, in either direction, between equally good models. */
  readonly pValue: number
}

/**
 * Corrected resampled t-test (Nadeau and Bengio, Machine Learning 52, 2003) of the scores of two learners on
 * the same folds of a repeated k-fold or of repeated random splits. Training sets overlap, so the plain
 * paired t-test finds differences that are none; the variance is raised by test rows / training rows. Throws
 * INVALID_INPUT.
 */
export const correctedResampledTTest = (input: {
  readonly first: NumericArray
  readonly second: NumericArray
  /** Of a fold, on average. */
  readonly trainRows: number
  readonly testRows: number
  /** Coverage of the interval. Default 0.95. */
  readonly level?: number
}): Comparison & { readonly t: number; readonly degrees: number } => {
  const { trainRows, testRows, level = 0.95 } = input
  const first = checkValues("first", input.first)
  const second = checkValues("second", input.second, first.length)
  if (first.length < 2)
    throw new RoadmapError(
      "INVALID_INPUT",
      `A t-test needs the scores of two folds; there are ${first.length}.`,
    )
  if (!(trainRows > 0 && testRows > 0))
    throw new RoadmapError(
      "INVALID_INPUT",
      `Folds of ${trainRows} training and ${testRows} test rows cannot be.`,
    )
  checkLevel(level)
  const differences = first.map((score, fold) => score - second[fold])
  const difference = differences.reduce((sum, value) => sum + value / differences.length, 0)
  const error = standardDeviation(differences) * Math.sqrt(1 / differences.length + testRows / trainRows)
  const degrees = differences.length - 1
  const margin = error * studentQuantile((1 + level) / 2, degrees)
  const t = difference === 0 ? 0 : difference / error
  const pValue = 2 * studentCdf(-Math.abs(t), degrees)
  return { difference, low: difference - margin, high: difference + margin, level, pValue, t, degrees }
}

/** The corrected t-test of two cross-validations over the same folds. Throws INVALID_INPUT. */
export const compareCrossValidations = (input: {
  readonly metric: MetricName
  readonly first: CrossValidation
  readonly second: CrossValidation
  readonly level?: number
}): ReturnType<typeof correctedResampledTTest> => {
  const { metric, first, second, level } = input
  first.folds.forEach((fold, i) => {
    const other = second.folds[i]
    if (other?.testRows !== fold.testRows || other.trainRows !== fold.trainRows)
      throw new RoadmapError("INVALID_INPUT", `The two cross-validations differ in fold ${i + 1}.`, {
        hint: "Give both the same folds.",
      })
  })
  const scores = ({ folds }: CrossValidation): Float64Array =>
    Float64Array.from(folds, fold => fold.scores[metric])
  const mean = (of: "trainRows" | "testRows"): number =>
    first.folds.reduce((sum, fold) => sum + fold[of] / first.folds.length, 0)
  return correctedResampledTTest({
    first: scores(first),
    second: scores(second),
    trainRows: mean("trainRows"),
    testRows: mean("testRows"),
    level,
  })
}

/**
 * Paired bootstrap of metric(first) - metric(second) on the same rows (Efron and Tibshirani, 1993), or groups
 * of rows: the percentile interval, and as p-value twice the share of resamples on the far side of zero
 * (counting one more, so never 0). It judges these two fitted models; it knows nothing of the luck in
 * training. Throws INVALID_INPUT.
 */
export const pairedBootstrap = (
  input: {
    readonly metric: MetricName
    readonly target: NumericArray
    readonly first: NumericArray
    readonly second: NumericArray
  } & BootstrapOptions,
): Comparison & Pick<Interval, "standardError" | "replicates"> => {
  const { replicates = 1_000, level = 0.95, random = createRandom(0) } = input
  if (!Number.isInteger(replicates) || replicates < 2)
    throw new RoadmapError(
      "INVALID_INPUT",
      `replicates is ${replicates}; it must be a whole number of at least 2.`,
    )
  checkLevel(level)
  const units = unitsOf(input.groups, input.target.length)
  const first = statisticOf(input, input.first, units)
  const second = statisticOf(input, input.second, units)
  const everyUnit = new Int32Array(units.count).fill(1)
  const differences = resample(drawn => first(drawn) - second(drawn), {
    units: units.count,
    replicates,
    random,
  })
  const { estimate, ...interval } = percentileInterval(
    first(everyUnit) - second(everyUnit),
    differences,
    level,
  )
  const below = differences.reduce((count, value) => count + (value <= 0 ? 1 : 0), 0)
  const above = differences.reduce((count, value) => count + (value >= 0 ? 1 : 0), 0)
  const pValue = Math.min(1, (2 * (Math.min(below, above) + 1)) / (differences.length + 1))
  return { difference: estimate, ...interval, pValue }
}

const checkLevel = (level: number): void => {
  if (level > 0 && level < 1) return
  throw new RoadmapError("INVALID_INPUT", `level is ${level}; it must be between 0 and 1, such as 0.95.`)
}
