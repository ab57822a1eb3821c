import { frozen } from "../frozen.ts"
import { checkBinary, checkValues, checkWeights } from "../input.ts"
import { sigmoid } from "../linear/logistic.ts"
import type { CalibratorInput } from "./isotonic.ts"

/**
 * probability = 1 / (1 + exp(slope * score + offset)); the slope is negative when high scores mean class 1.
 */
export interface SigmoidCalibrator {
  readonly method: "sigmoid"
  readonly slope: number
  readonly offset: number
}

/**
 * Platt's scaling (1999): a logistic curve of the score, fitted to targets drawn in from 0 and 1 by one row
 * each (Lin, Lin and Weng, 2007), by Newton's method with step halving. Throws INVALID_INPUT, also for one
 * class.
 */
export const fitSigmoid = (input: CalibratorInput): SigmoidCalibrator => {
  const scores = checkValues("scores", input.scores)
  const weights = checkWeights(input.weights, scores.length)
  const labels = checkBinary("target", input.target, { rows: scores.length, weights })
  let positives = 0
  let negatives = 0
  for (let row = 0; row < labels.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    positives += weight * labels[row]
    negatives += weight * (1 - labels[row])
  }
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (negatives + 2)
  const targets = labels.map(label => (label === 1 ? high : low))
  let curve = { slope: 0, offset: Math.log((negatives + 1) / (positives + 1)) }
  let state = evaluate(scores, targets, weights, curve)
  for (let iteration = 0; iteration < 100; iteration++) {
    const { gradient, hessian } = state
    // The ridge of 1e-12 keeps the step finite when all scores are equal.
    const [aa, ab, bb] = [hessian[0] + 1e-12, hessian[1], hessian[2] + 1e-12]
    const determinant = aa * bb - ab * ab
    const slopeStep = (bb * gradient[0] - ab * gradient[1]) / determinant
    const offsetStep = (aa * gradient[1] - ab * gradient[0]) / determinant
    const decrease = slopeStep * gradient[0] + offsetStep * gradient[1]
    if (!(decrease > 1e-14 * (positives + negatives))) break
    let length = 1
    let moved = curve
    let reached = state
    do {
      moved = { slope: curve.slope - length * slopeStep, offset: curve.offset - length * offsetStep }
      reached = evaluate(scores, targets, weights, moved)
      length /= 2
    } while (!(reached.loss <= state.loss) && length > 1e-8)
    if (!(reached.loss <= state.loss)) break
    curve = moved
    state = reached
  }
  return frozen({ method: "sigmoid", ...curve })
}

export const applySigmoid = ({ slope, offset }: SigmoidCalibrator, score: number): number =>
  sigmoid(-(slope * score + offset))

/** Loss with its gradient (slope, offset) and Hessian (slope², slope x offset, offset²). */
const evaluate = (
  scores: Float64Array,
  targets: Float64Array,
  weights: Float64Array | undefined,
  { slope, offset }: { slope: number; offset: number },
) => {
  let loss = 0
  const gradient = new Float64Array(2)
  const hessian = new Float64Array(3)
  for (let row = 0; row < scores.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    const logOdds = -(slope * scores[row] + offset)
    const small = Math.exp(-Math.abs(logOdds))
    const probability = logOdds >= 0 ? 1 / (1 + small) : small / (1 + small)
    loss += weight * (Math.max(logOdds, 0) - targets[row] * logOdds + Math.log1p(small))
    const residual = weight * (targets[row] - probability)
    const curvature = (weight * small) / ((1 + small) * (1 + small))
    gradient[0] += residual * scores[row]
    gradient[1] += residual
    hessian[0] += curvature * scores[row] * scores[row]
    hessian[1] += curvature * scores[row]
    hessian[2] += curvature
  }
  return { loss, gradient, hessian }
}
