import { frozen } from "../frozen.ts"
import { checkBinary, checkValues, checkWeights, type NumericArray } from "../input.ts"
import { ascendingOrder } from "../metrics/order.ts"

/** A rising step-wise linear curve from score to probability. */
export interface IsotonicCalibrator {
  readonly method: "isotonic"
  /** Knots, ascending; scores outside take the first or last probability. */
  readonly scores: Float64Array
  readonly probabilities: Float64Array
}

export interface CalibratorInput {
  readonly scores: NumericArray
  /** Labels 0 and 1. */
  readonly target: NumericArray
  readonly weights?: NumericArray
}

/**
 * Isotonic regression of labels on scores by pooling adjacent violators (Ayer et al., 1955; Zadrozny and
 * Elkan, 2002); between knots the curve is linear, as in scikit-learn. Throws INVALID_INPUT, also for one
 * class.
 */
export const fitIsotonic = (input: CalibratorInput): IsotonicCalibrator => {
  const scores = checkValues("scores", input.scores)
  const weights = checkWeights(input.weights, scores.length)
  const labels = checkBinary("target", input.target, { rows: scores.length, weights })
  const pooled = poolTies(scores, labels, weights)
  const means = poolAdjacentViolators(pooled.means, pooled.weights)
  // A knot between two of the same height says nothing.
  const kept = Array.from(means.keys()).filter(
    i => i === 0 || i === means.length - 1 || means[i] !== means[i - 1] || means[i] !== means[i + 1],
  )
  return frozen({
    method: "isotonic",
    scores: Float64Array.from(kept, i => pooled.scores[i]),
    probabilities: Float64Array.from(kept, i => Math.min(1, Math.max(0, means[i]))),
  })
}

export const applyIsotonic = (calibrator: IsotonicCalibrator, score: number): number => {
  const { scores, probabilities } = calibrator
  const last = scores.length - 1
  if (score <= scores[0]) return probabilities[0]
  if (score >= scores[last]) return probabilities[last]
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (scores[middle] <= score) low = middle
    else high = middle
  }
  const share = (score - scores[low]) / (scores[high] - scores[low])
  return probabilities[low] + share * (probabilities[high] - probabilities[low])
}

/** Rows of equal score as one point of their weighted mean; rows without weight are left out. */
const poolTies = (scores: Float64Array, labels: Float64Array, weights: Float64Array | undefined) => {
  const order = ascendingOrder(scores)
  const points = { scores: [] as number[], means: [] as number[], weights: [] as number[] }
  for (const row of order) {
    const weight = weights === undefined ? 1 : weights[row]
    if (weight === 0) continue
    const last = points.scores.length - 1
    if (last >= 0 && points.scores[last] === scores[row]) {
      points.weights[last] += weight
      points.means[last] += (weight / points.weights[last]) * (labels[row] - points.means[last])
    } else {
      points.scores.push(scores[row])
      points.means.push(labels[row])
      points.weights.push(weight)
    }
  }
  return points
}

const poolAdjacentViolators = (means: readonly number[], weights: readonly number[]): Float64Array => {
  const blockMean = new Float64Array(means.length)
  const blockWeight = new Float64Array(means.length)
  const blockSize = new Int32Array(means.length)
  let blocks = 0
  for (let i = 0; i < means.length; i++) {
    blockMean[blocks] = means[i]
    blockWeight[blocks] = weights[i]
    blockSize[blocks++] = 1
    while (blocks > 1 && blockMean[blocks - 2] >= blockMean[blocks - 1]) {
      const weight = blockWeight[blocks - 2] + blockWeight[blocks - 1]
      blockMean[blocks - 2] =
        (blockMean[blocks - 2] * blockWeight[blocks - 2] + blockMean[blocks - 1] * blockWeight[blocks - 1]) /
        weight
      blockWeight[blocks - 2] = weight
      blockSize[blocks - 2] += blockSize[blocks - 1]
      blocks--
    }
  }
  const fitted = new Float64Array(means.length)
  let at = 0
  for (let block = 0; block < blocks; block++) {
    fitted.fill(blockMean[block], at, at + blockSize[block])
    at += blockSize[block]
  }
  return fitted
}
