import { RoadmapError } from "@roadmap/core/errors"
import type { Random } from "@roadmap/core/random"
import type { NumericArray } from "../input.ts"
import { type MetricName, metrics } from "./catalog.ts"
import { checkPairs, checkScored } from "./rows.ts"
import { createStatistic, type Statistic } from "./statistic.ts"

/** What a bootstrap draws: rows, or groups of rows. */
export interface Units {
  readonly count: number
  /** Unit of each row; undefined when every row is its own. */
  readonly ofRow: Int32Array | undefined
}

export const unitsOf = (groups: Int32Array | undefined, rows: number): Units => {
  if (groups === undefined) return { count: rows, ofRow: undefined }
  if (groups.length !== rows)
    throw new RoadmapError("INVALID_INPUT", `groups has ${groups.length} values; there are ${rows} rows.`)
  const unitOfGroup = new Map<number, number>()
  const ofRow = new Int32Array(rows)
  let lastGroup: number | undefined
  let lastUnit = 0
  for (let row = 0; row < rows; row++) {
    const group = groups[row]
    if (group !== lastGroup) {
      lastGroup = group
      lastUnit = unitOfGroup.get(group) ?? unitOfGroup.size
      if (lastUnit === unitOfGroup.size) unitOfGroup.set(group, lastUnit)
    }
    ofRow[row] = lastUnit
  }
  return { count: unitOfGroup.size, ofRow }
}

/** Checks the rows and prepares the metric for resampling. Throws INVALID_INPUT. */
export const statisticOf = (
  input: { metric: MetricName; target: NumericArray; weights?: NumericArray },
  predicted: NumericArray,
  units: Units,
): Statistic => {
  const { metric, target, weights } = input
  const sample =
    metrics[metric].response === "probability"
      ? checkScored(target, predicted, { weights, ...scoring[metric as keyof typeof scoring] })
      : checkPairs(target, predicted, { weights })
  return createStatistic(metric, {
    target: sample.y,
    predicted: sample.p,
    weights: sample.w,
    unitOf: units.ofRow,
    units: units.count,
  })
}

const scoring = {
  log_loss: { scores: "probability", oneClass: "allow" },
  brier: { scores: "probability", oneClass: "allow" },
  roc_auc: { scores: "any", oneClass: "refuse" },
  average_precision: { scores: "any", oneClass: "refuse" },
} as const

/**
 * The statistic under `replicates` resamples; those in which it is undefined are left out. Throws
 * INVALID_INPUT when most are.
 */
export const resample = (
  statistic: Statistic,
  { units, replicates, random }: { units: number; replicates: number; random: Random },
): Float64Array => {
  const drawn = new Int32Array(units)
  const values = new Float64Array(replicates)
  let defined = 0
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawWithReplacement(drawn, random)
    const value = statistic(drawn)
    if (!Number.isNaN(value)) values[defined++] = value
  }
  if (defined < replicates / 2)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The metric is undefined in ${replicates - defined} of ${replicates} resamples: too few rows of one class.`,
    )
  return values.slice(0, defined)
}

/**
 * Counts of `drawn.length` draws with replacement. One number of 53 bits serves two draws of up to 2^20 units
 * (the second from what the first leaves over), which halves the cost of the bootstrap; the bias is below
 * 2^-13.
 */
const drawWithReplacement = (drawn: Int32Array, random: Random): void => {
  const units = drawn.length
  drawn.fill(0)
  if (units > 1 << 20) {
    for (let draw = 0; draw < units; draw++) drawn[Math.floor(random.next() * units)]++
    return
  }
  for (let draw = 0; draw < units; draw += 2) {
    const scaled = random.next() * units
    const first = Math.floor(scaled)
    drawn[first]++
    if (draw + 1 < units) drawn[Math.floor((scaled - first) * units)]++
  }
}
