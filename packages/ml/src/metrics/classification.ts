import { RoadmapError } from "@roadmap/core/errors"
import { type NumericArray, totalWeight } from "../input.ts"
import type { MetricOptions } from "./regression.ts"
import { checkScored } from "./rows.ts"

/**
 * Probabilities are clipped to this distance from 0 and 1 in the log loss: a certain miss costs 36.04, not
 * infinity.
 */
export const LOG_LOSS_CLIP = Number.EPSILON

/**
 * Mean negative log likelihood of labels 0/1 under the probabilities of class 1, in nats. Probabilities are
 * clipped to [LOG_LOSS_CLIP, 1 - LOG_LOSS_CLIP] (2^-52), as scikit-learn does. Throws INVALID_INPUT outside
 * 0..1.
 */
export const logLoss = (
  target: NumericArray,
  probability: NumericArray,
  options: MetricOptions = {},
): number => {
  const { y, p, w } = checkScored(target, probability, {
    ...options,
    scores: "probability",
    oneClass: "allow",
  })
  let sum = 0
  for (let row = 0; row < y.length; row++) sum += rowLogLoss(y[row], p[row]) * (w === undefined ? 1 : w[row])
  return sum / totalWeight(y.length, w)
}

/** Log loss of one row. */
export const rowLogLoss = (label: number, probability: number): number => {
  const clipped = Math.min(Math.max(probability, LOG_LOSS_CLIP), 1 - LOG_LOSS_CLIP)
  return label === 1 ? -Math.log(clipped) : -Math.log(1 - clipped)
}

/** Mean squared difference of label and probability (Brier, 1950). */
export const brier = (
  target: NumericArray,
  probability: NumericArray,
  options: MetricOptions = {},
): number => {
  const { y, p, w } = checkScored(target, probability, {
    ...options,
    scores: "probability",
    oneClass: "allow",
  })
  let sum = 0
  for (let row = 0; row < y.length; row++) {
    const error = y[row] - p[row]
    sum += error * error * (w === undefined ? 1 : w[row])
  }
  return sum / totalWeight(y.length, w)
}

export interface ThresholdMetrics {
  readonly threshold: number
  /** Weights (or counts) of the four cells of the confusion matrix. */
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
  /** 0 when nothing was predicted positive. */
  readonly precision: number
  readonly recall: number
  /** Harmonic mean of precision and recall; 0 when both are. */
  readonly f1: number
  readonly accuracy: number
}

/**
 * Precision, recall and F1 when scores of at least `threshold` (default 0.5) are taken as class 1.
 * Throws INVALID_INPUT, also for labels of one class.
 */
export const atThreshold = (
  target: NumericArray,
  scores: NumericArray,
  options: MetricOptions & { readonly threshold?: number } = {},
): ThresholdMetrics => {
  const { threshold = 0.5 } = options
  if (Number.isNaN(threshold))
    throw new RoadmapError("INVALID_INPUT", "threshold is NaN; it must be a number.")
  const { y, p, w } = checkScored(target, scores, { ...options, scores: "any", oneClass: "refuse" })
  const cells = new Float64Array(4)
  for (let row = 0; row < y.length; row++)
    cells[2 * y[row] + (p[row] >= threshold ? 1 : 0)] += w === undefined ? 1 : w[row]
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = cells
  const flagged = truePositives + falsePositives
  return {
    threshold,
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives,
    precision: flagged === 0 ? 0 : truePositives / flagged,
    recall: truePositives / (truePositives + falseNegatives),
    f1: (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives),
    accuracy: (truePositives + trueNegatives) / totalWeight(y.length, w),
  }
}
