import { checkNumbers, type FeatureSchema, requireNumeric, schemaOf } from "../columns.ts"
import type { Features, NumericColumn } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkWeights, type NumericArray } from "../input.ts"
import { momentsOf } from "../moments.ts"
import { chooseColumns, replaceColumns } from "./columns.ts"

export interface StandardScalerModel {
  readonly kind: "standard-scaler"
  readonly features: readonly FeatureSchema[]
  readonly mean: Float64Array
  /** Population standard deviation; 1 for a constant feature. */
  readonly scale: Float64Array
}

/**
 * Learns mean and standard deviation of numeric features, as scikit-learn's `StandardScaler` does. Missing
 * values are left out here and stay missing in `scale`. Throws INVALID_INPUT.
 */
export const fitStandardScaler = (input: {
  readonly features: Features
  readonly weights?: NumericArray
  /** Default: all numeric features. */
  readonly columns?: readonly string[]
}): StandardScalerModel => {
  const columns = chooseColumns(input.features, input.columns, {
    kind: "numeric",
    step: "The standard scaler",
  })
  const weights = checkWeights(input.weights, input.features.rows)
  const moments = columns.map(column => momentsOf(checkNumbers(column, "allow").values, weights))
  return frozen({
    kind: "standard-scaler",
    features: schemaOf({ rows: input.features.rows, columns }),
    mean: Float64Array.from(moments, ({ mean }) => mean),
    scale: Float64Array.from(moments, ({ squares, present, constant }) =>
      constant ? 1 : Math.sqrt(squares / present),
    ),
  })
}

/** (value - mean) / scale; the column keeps its name. */
export const scale = (model: StandardScalerModel, features: Features): Features =>
  replaceColumns(model.features, features, (column, index) => {
    const { name, values } = checkNumbers(requireNumeric(column, "The standard scaler"), "allow")
    const mean = model.mean[index]
    const deviation = model.scale[index]
    const scaled = new Float64Array(values.length)
    for (let row = 0; row < values.length; row++) scaled[row] = (values[row] - mean) / deviation
    return [{ name, kind: "numeric", values: scaled } satisfies NumericColumn]
  })
