import { alignColumns, type FeatureSchema, schemaOf } from "../columns.ts"
import type { SupervisedInput } from "../estimator.ts"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkBinary, checkNotEmpty, checkValues, checkWeights, totalWeight } from "../input.ts"

/** The baseline every model has to beat: one value for all rows. */
export interface ConstantModel {
  readonly kind: "constant"
  readonly task: "regression" | "classification"
  readonly features: readonly FeatureSchema[]
  /** Mean of the target; for a classification the share of class 1 (the prior). */
  readonly value: number
}

/** Learns the (weighted) mean of the target, or the prior of class 1. Throws INVALID_INPUT. */
export const fitConstant = (
  input: SupervisedInput & { readonly task: ConstantModel["task"] },
): ConstantModel => {
  checkNotEmpty(input.features, "The constant baseline")
  const { rows } = input.features
  const weights = checkWeights(input.weights, rows)
  const target =
    input.task === "regression"
      ? checkValues("target", input.target, rows)
      : checkBinary("target", input.target, { rows, oneClass: "allow" })
  let sum = 0
  for (let row = 0; row < rows; row++) sum += target[row] * (weights === undefined ? 1 : weights[row])
  const value = sum / totalWeight(rows, weights)
  return frozen({ kind: "constant", task: input.task, features: schemaOf(input.features), value })
}

/** The mean, or the probability of class 1, once a row. */
export const constantResponse = (model: ConstantModel, features: Features): Float64Array => {
  alignColumns(model.features, features)
  return new Float64Array(features.rows).fill(model.value)
}
