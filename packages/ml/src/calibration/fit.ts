import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import type { NumericArray } from "../input.ts"
import { type Model, predictProba } from "../model.ts"
import { type CalibratedModel, toLogOdds } from "./calibrated.ts"
import { fitIsotonic } from "./isotonic.ts"
import { fitSigmoid } from "./platt.ts"

/**
 * Calibrates a fitted classifier on rows it was not fitted on (scikit-learn's `CalibratedClassifierCV` around
 * a `FrozenEstimator`): the curve goes from the model's log odds to the observed share of class 1. "sigmoid"
 * needs few rows; "isotonic" takes any rising shape and needs about a thousand. Throws INVALID_INPUT.
 */
export const fitCalibrated = (input: {
  readonly model: Model
  readonly features: Features
  readonly target: NumericArray
  readonly weights?: NumericArray
  readonly method: "sigmoid" | "isotonic"
}): CalibratedModel => {
  const { model, features, target, weights, method } = input
  const scores = toLogOdds(predictProba(model, features))
  const calibrator = (method === "sigmoid" ? fitSigmoid : fitIsotonic)({ scores, target, weights })
  return frozen({ kind: "calibrated", features: model.features, base: model, calibrator })
}
