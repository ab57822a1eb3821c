import { RoadmapError } from "@roadmap/core/errors"
import type { NumericArray } from "../input.ts"
import { sortedQuantile } from "./median.ts"
import type { MetricOptions } from "./regression.ts"
import { checkScored } from "./rows.ts"

export interface CalibrationOptions extends MetricOptions {
  /** Number of bins. Default 10. */
  readonly bins?: number
  /** "width": equal steps of probability; "quantile": equal numbers of rows. Default "width". */
  readonly strategy?: "width" | "quantile"
}

/** Rows whose probability is in (lower, upper]; the first bin includes its lower edge. */
export interface CalibrationBin {
  readonly lower: number
  readonly upper: number
  readonly rows: number
  readonly weight: number
  readonly meanPredicted: number
  /** Share of class 1. */
  readonly observed: number
}

/**
 * Predicted against observed probability by bin (a reliability diagram as a table). Empty bins are left out.
 * Throws INVALID_INPUT.
 */
export const calibrationTable = (
  target: NumericArray,
  probability: NumericArray,
  options: CalibrationOptions = {},
): CalibrationBin[] => {
  const { bins = 10, strategy = "width" } = options
  if (!Number.isInteger(bins) || bins < 1)
    throw new RoadmapError("INVALID_INPUT", `bins is ${bins}; it must be a whole number of at least 1.`)
  const { y, p, w } = checkScored(target, probability, {
    ...options,
    scores: "probability",
    oneClass: "allow",
  })
  const edges = strategy === "width" ? equalWidths(bins) : quantiles(p, bins)
  const sums = new Float64Array(4 * bins)
  for (let row = 0; row < p.length; row++) {
    const weight = w === undefined ? 1 : w[row]
    const at = 4 * binOf(edges, p[row])
    sums[at] += 1
    sums[at + 1] += weight
    sums[at + 2] += weight * p[row]
    sums[at + 3] += weight * y[row]
  }
  return Array.from({ length: bins }, (_, bin) => {
    const [rows, weight, predicted, positives] = sums.subarray(4 * bin, 4 * bin + 4)
    return {
      lower: edges[bin],
      upper: edges[bin + 1],
      rows,
      weight,
      meanPredicted: predicted / weight,
      observed: positives / weight,
    }
  }).filter(bin => bin.weight > 0)
}

/**
 * Mean distance of observed and predicted probability over the bins, by their weight (Naeini et al., 2015).
 */
export const expectedCalibrationError = (
  target: NumericArray,
  probability: NumericArray,
  options: CalibrationOptions = {},
): number => {
  let error = 0
  let total = 0
  for (const bin of calibrationTable(target, probability, options)) {
    error += bin.weight * Math.abs(bin.observed - bin.meanPredicted)
    total += bin.weight
  }
  return error / total
}

const equalWidths = (bins: number): Float64Array =>
  Float64Array.from({ length: bins + 1 }, (_, i) => i / bins)

const quantiles = (probability: Float64Array, bins: number): Float64Array => {
  const sorted = probability.slice().sort()
  return Float64Array.from({ length: bins + 1 }, (_, i) => sortedQuantile(sorted, i / bins))
}

/** Number of inner edges below the value: a value on an edge belongs to the bin below it. */
const binOf = (edges: Float64Array, value: number): number => {
  let low = 1
  let high = edges.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle] < value) low = middle + 1
    else high = middle
  }
  return low - 1
}
