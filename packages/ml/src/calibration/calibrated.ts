import type { FeatureSchema } from "../columns.ts"
import type { Model } from "../model.ts"
import { applyIsotonic, type IsotonicCalibrator } from "./isotonic.ts"
import { applySigmoid, type SigmoidCalibrator } from "./platt.ts"

export type Calibrator = IsotonicCalibrator | SigmoidCalibrator

/** A classifier whose probabilities are corrected by a curve fitted on rows it has not seen. */
export interface CalibratedModel {
  readonly kind: "calibrated"
  readonly features: readonly FeatureSchema[]
  readonly base: Model
  readonly calibrator: Calibrator
}

/** Corrected probabilities, in place of the base model's. */
export const calibrate = (calibrator: Calibrator, probabilities: Float64Array): Float64Array => {
  const apply =
    calibrator.method === "sigmoid"
      ? (score: number) => applySigmoid(calibrator, score)
      : (score: number) => applyIsotonic(calibrator, score)
  return toLogOdds(probabilities).map(apply)
}

/** Log odds, the score that is calibrated; probabilities of 0 and 1 are taken 2^-52 away from them. */
export const toLogOdds = (probabilities: Float64Array): Float64Array =>
  probabilities.map(probability => {
    const inside = Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON)
    return Math.log(inside / (1 - inside))
  })
