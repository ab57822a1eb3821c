import type { MetricName } from "./catalog.ts"
import { rowLogLoss } from "./classification.ts"
import { ascendingOrder } from "./order.ts"
import { rankedAuc, rankedAveragePrecision, rankScores } from "./ranking.ts"

/**
 * A metric as a function of how often each unit (row, or group of rows) was drawn. NaN where it is undefined.
 */
export type Statistic = (drawn: Int32Array) => number

export interface StatisticInput {
  readonly target: Float64Array
  readonly predicted: Float64Array
  readonly weights: Float64Array | undefined
  /** Unit of each row; undefined when every row is its own unit. */
  readonly unitOf: Int32Array | undefined
  readonly units: number
}

/**
 * Prepares a metric for many resamples of the same rows: additive metrics are reduced to sums per unit,
 * rankings are sorted once and then evaluated in one linear pass a resample.
 */
export const createStatistic = (metric: MetricName, input: StatisticInput): Statistic => {
  switch (metric) {
    case "rmse": {
      const mean = meanStatistic(input, (y, p) => (y - p) ** 2)
      return drawn => Math.sqrt(mean(drawn))
    }
    case "mae":
      return meanStatistic(input, (y, p) => Math.abs(y - p))
    case "brier":
      return meanStatistic(input, (y, p) => (y - p) ** 2)
    case "log_loss":
      return meanStatistic(input, rowLogLoss)
    case "r2":
      return r2Statistic(input)
    case "median_absolute_error":
      return medianStatistic(input)
    case "roc_auc":
      return rankedStatistic(input, rankedAuc)
    case "average_precision":
      return rankedStatistic(input, rankedAveragePrecision)
  }
}

const meanStatistic = (input: StatisticInput, loss: (y: number, p: number) => number): Statistic => {
  const losses = sumByUnit(input, row => loss(input.target[row], input.predicted[row]))
  const counts = sumByUnit(input, () => 1)
  return drawn => weightedSum(losses, drawn) / weightedSum(counts, drawn)
}

const r2Statistic = (input: StatisticInput): Statistic => {
  const { target, predicted } = input
  // Any shift of the target leaves R² as it is; near the mean no digits are lost.
  let shift = 0
  for (const value of target) shift += value / target.length
  const counts = sumByUnit(input, () => 1)
  const firsts = sumByUnit(input, row => target[row] - shift)
  const squares = sumByUnit(input, row => (target[row] - shift) ** 2)
  const residuals = sumByUnit(input, row => (target[row] - predicted[row]) ** 2)
  return drawn => {
    const total = weightedSum(squares, drawn) - weightedSum(firsts, drawn) ** 2 / weightedSum(counts, drawn)
    return total > 0 ? 1 - weightedSum(residuals, drawn) / total : Number.NaN
  }
}

const rankedStatistic = (
  input: StatisticInput,
  evaluate: (ranking: ReturnType<typeof rankScores>, weights: Float64Array) => number,
): Statistic => {
  const ranking = rankScores(input.target, input.predicted)
  const place = placeWeights(input, ranking.order)
  return drawn => evaluate(ranking, place(drawn))
}

const medianStatistic = (input: StatisticInput): Statistic => {
  const errors = input.target.map((y, row) => Math.abs(y - input.predicted[row]))
  const order = ascendingOrder(errors)
  const place = placeWeights(input, order)
  return drawn => {
    const weights = place(drawn)
    let half = 0
    for (let at = 0; at < weights.length; at++) half += weights[at] / 2
    let below = 0
    let lower = -1
    for (let at = 0; at < weights.length; at++) {
      if (weights[at] === 0) continue
      if (lower >= 0) return (errors[order[lower]] + errors[order[at]]) / 2
      below += weights[at]
      if (below > half) return errors[order[at]]
      if (below === half) lower = at
    }
    return lower < 0 ? Number.NaN : errors[order[lower]]
  }
}

/** Weight of the row at each place of an order, times how often its unit was drawn. The result is reused. */
const placeWeights = ({ weights, unitOf }: StatisticInput, order: Uint32Array) => {
  const unitAt = new Int32Array(order.length)
  for (let at = 0; at < order.length; at++) unitAt[at] = unitOf === undefined ? order[at] : unitOf[order[at]]
  const ownWeights = weights === undefined ? undefined : Float64Array.from(order, row => weights[row])
  const placed = new Float64Array(order.length)
  return (drawn: Int32Array): Float64Array => {
    if (ownWeights === undefined) for (let at = 0; at < placed.length; at++) placed[at] = drawn[unitAt[at]]
    else for (let at = 0; at < placed.length; at++) placed[at] = ownWeights[at] * drawn[unitAt[at]]
    return placed
  }
}

const sumByUnit = (
  { weights, unitOf, units }: StatisticInput,
  value: (row: number) => number,
): Float64Array => {
  const rows = unitOf === undefined ? units : unitOf.length
  const sums = new Float64Array(units)
  for (let row = 0; row < rows; row++)
    sums[unitOf === undefined ? row : unitOf[row]] += value(row) * (weights === undefined ? 1 : weights[row])
  return sums
}

const weightedSum = (values: Float64Array, drawn: Int32Array): number => {
  let sum = 0
  for (let unit = 0; unit < values.length; unit++) sum += values[unit] * drawn[unit]
  return sum
}
