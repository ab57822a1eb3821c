import type { NumericArray } from "../input.ts"
import { ascendingOrder } from "./order.ts"
import type { MetricOptions } from "./regression.ts"
import { checkScored } from "./rows.ts"

/**
 * Area under the receiver operating characteristic: the probability that a row of class 1 scores above one of
 * class 0, ties counting one half (midranks; Hanley and McNeil, 1982). Throws INVALID_INPUT for one class.
 */
export const rocAuc = (target: NumericArray, scores: NumericArray, options: MetricOptions = {}): number => {
  const { y, p, w } = checkScored(target, scores, { ...options, scores: "any", oneClass: "refuse" })
  const ranking = rankScores(y, p)
  return rankedAuc(ranking, weightsInOrder(ranking, w))
}

/**
 * Average precision: sum over distinct scores, from the highest, of (recall gained) x precision. Rows of one
 * score enter together, as in scikit-learn. Throws INVALID_INPUT for one class.
 */
export const averagePrecision = (
  target: NumericArray,
  scores: NumericArray,
  options: MetricOptions = {},
): number => {
  const { y, p, w } = checkScored(target, scores, { ...options, scores: "any", oneClass: "refuse" })
  const ranking = rankScores(y, p)
  return rankedAveragePrecision(ranking, weightsInOrder(ranking, w))
}

/** Labels in ascending order of score: sorted once, evaluated under many weights. */
export interface Ranking {
  /** Row at each place. */
  readonly order: Uint32Array
  readonly labels: Uint8Array
  /** 1 at the last place of each run of equal scores. */
  readonly lastOfTie: Uint8Array
}

export const rankScores = (labels: Float64Array, scores: Float64Array): Ranking => {
  const order = ascendingOrder(scores)
  const sorted = new Uint8Array(order.length)
  const lastOfTie = new Uint8Array(order.length)
  for (let place = 0; place < order.length; place++) {
    sorted[place] = labels[order[place]]
    lastOfTie[place] = place + 1 === order.length || scores[order[place]] !== scores[order[place + 1]] ? 1 : 0
  }
  return { order, labels: sorted, lastOfTie }
}

/** Weights by place instead of by row; 1 each when there are none. */
export const weightsInOrder = (ranking: Ranking, weights: Float64Array | undefined): Float64Array => {
  const placed = new Float64Array(ranking.order.length)
  if (weights === undefined) return placed.fill(1)
  for (let place = 0; place < placed.length; place++) placed[place] = weights[ranking.order[place]]
  return placed
}

/** ROC AUC in one pass; NaN when the weights leave one class only. */
export const rankedAuc = ({ labels, lastOfTie }: Ranking, weights: Float64Array): number => {
  let area = 0
  let negativesBelow = 0
  let positives = 0
  let tiedPositives = 0
  let tiedNegatives = 0
  for (let place = 0; place < labels.length; place++) {
    const positive = labels[place] * weights[place]
    tiedPositives += positive
    tiedNegatives += weights[place] - positive
    if (lastOfTie[place] === 0) continue
    area += tiedPositives * (negativesBelow + 0.5 * tiedNegatives)
    negativesBelow += tiedNegatives
    positives += tiedPositives
    tiedPositives = 0
    tiedNegatives = 0
  }
  return area / (positives * negativesBelow)
}

/** Average precision in one pass from the highest score; NaN when the weights leave no positive row. */
export const rankedAveragePrecision = ({ labels, lastOfTie }: Ranking, weights: Float64Array): number => {
  let sum = 0
  let seen = 0
  let positives = 0
  let tiedPositives = 0
  for (let place = labels.length - 1; place >= 0; place--) {
    const positive = labels[place] * weights[place]
    tiedPositives += positive
    seen += weights[place]
    if (place > 0 && lastOfTie[place - 1] === 0) continue
    if (tiedPositives === 0) continue
    positives += tiedPositives
    sum += (tiedPositives * positives) / seen
    tiedPositives = 0
  }
  return sum / positives
}
