import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random, sampleIndices } from "@roadmap/core/random"
import { checkNumbers } from "../columns.ts"
import type { FeatureColumn, Features, NumericColumn } from "../features.ts"
import { sortedQuantile } from "../metrics/median.ts"
import { takeRows } from "../rows.ts"

export interface PartialDependence {
  readonly name: string
  /** Values the feature was set to: numbers, or names of categories. */
  readonly grid: readonly number[] | readonly string[]
  /** Mean response over the rows at each value. */
  readonly mean: Float64Array
  /**
   * Standard deviation of the rows' responses at each value, each row's own mean taken out: 0 without
   * interactions.
   */
  readonly heterogeneity: Float64Array
}

/**
 * Partial dependence (Friedman, 2001): sets one feature to each value of a grid in every row and averages the
 * model's response. Grid: up to `points` quantiles between the 5th and the 95th percentile, or all
 * categories. Combinations that never occur are averaged too, so read it with care when features are
 * correlated. Throws INVALID_INPUT.
 */
export const partialDependence = (input: {
  readonly predict: (features: Features) => Float64Array
  readonly features: Features
  readonly name: string
  /** Default 20. */
  readonly points?: number
  /** Rows to average over, drawn at random. Default 2,000. */
  readonly sample?: number
  readonly random?: Random
  readonly signal?: AbortSignal
}): PartialDependence => {
  const { predict, name, points = 20, sample = 2_000, random = createRandom(0) } = input
  if (input.features.rows === 0)
    throw new RoadmapError("INVALID_INPUT", "Partial dependence needs rows; it got none.")
  const features = takeRows(input.features, sampleIndices(input.features.rows, sample, random))
  const chosen = features.columns.find(column => column.name === name)
  const whole = input.features.columns.find(column => column.name === name)
  if (chosen === undefined || whole === undefined)
    throw new RoadmapError("INVALID_INPUT", `There is no feature "${name}" to vary.`)
  const grid = whole.kind === "numeric" ? quantileGrid(whole, points) : whole.categories
  const responses = grid.map((_, at) => {
    throwIfAborted(input.signal)
    const fixed = setTo(chosen, grid, at)
    return predict({
      rows: features.rows,
      columns: features.columns.map(column => (column.name === name ? fixed : column)),
    })
  })
  const rowMean = new Float64Array(features.rows)
  for (const response of responses)
    for (let row = 0; row < rowMean.length; row++) rowMean[row] += response[row] / responses.length
  const mean = Float64Array.from(responses, meanOf)
  const center = meanOf(rowMean)
  const heterogeneity = Float64Array.from(responses, (response, at) =>
    Math.sqrt(meanOf(response.map((value, row) => (value - rowMean[row] - mean[at] + center) ** 2))),
  )
  return { name, grid, mean, heterogeneity }
}

const quantileGrid = (column: NumericColumn, points: number): number[] => {
  if (!Number.isInteger(points) || points < 2)
    throw new RoadmapError("INVALID_INPUT", `points is ${points}; it must be a whole number of at least 2.`)
  checkNumbers(column, "allow")
  const present = Float64Array.from(column.values)
    .filter(value => !Number.isNaN(value))
    .sort()
  if (present.length === 0)
    throw new RoadmapError("INVALID_INPUT", `Feature "${column.name}" has no value in any row.`)
  const quantiles = Array.from({ length: points }, (_, i) =>
    sortedQuantile(present, 0.05 + (0.9 * i) / (points - 1)),
  )
  return [...new Set(quantiles)]
}

const setTo = (
  column: FeatureColumn,
  grid: readonly number[] | readonly string[],
  at: number,
): FeatureColumn =>
  column.kind === "numeric"
    ? { ...column, values: new Float64Array(column.values.length).fill(Number(grid[at])) }
    : { ...column, codes: new Int32Array(column.codes.length).fill(at) }

const meanOf = (values: Float64Array): number => {
  let sum = 0
  for (let row = 0; row < values.length; row++) sum += values[row]
  return sum / values.length
}
