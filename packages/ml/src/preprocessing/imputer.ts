import { z } from "zod"
import { checkNumbers, type FeatureSchema, requireNumeric, schemaOf } from "../columns.ts"
import type { Features, NumericColumn } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkWeights, type NumericArray } from "../input.ts"
import { weightedMedian } from "../metrics/median.ts"
import { momentsOf } from "../moments.ts"
import { parseParameters } from "../parameters.ts"
import { chooseColumns, replaceColumns } from "./columns.ts"

const imputerParameters = z.strictObject({
  strategy: z.enum(["mean", "median"]).default("mean"),
  /** Add a 0/1 column "… is missing" for features that have missing values in the training rows. */
  missingIndicator: z.boolean().default(false),
})

export type ImputerParameters = z.input<typeof imputerParameters>

export interface ImputerModel {
  readonly kind: "imputer"
  readonly parameters: Required<ImputerParameters>
  readonly features: readonly FeatureSchema[]
  /** What a missing value becomes; 0 for a feature without any value. */
  readonly fill: Float64Array
  readonly indicators: Uint8Array
}

/** Learns what the missing values of numeric features become. Throws INVALID_INPUT. */
export const fitImputer = (input: {
  readonly features: Features
  readonly weights?: NumericArray
  /** Default: all numeric features. */
  readonly columns?: readonly string[]
  readonly parameters?: ImputerParameters
}): ImputerModel => {
  const parameters = parseParameters("imputer", imputerParameters, input.parameters)
  const columns = chooseColumns(input.features, input.columns, { kind: "numeric", step: "The imputer" })
  const weights = checkWeights(input.weights, input.features.rows)
  for (const column of columns) checkNumbers(column, "allow")
  return frozen({
    kind: "imputer",
    parameters,
    features: schemaOf({ rows: input.features.rows, columns }),
    fill: Float64Array.from(columns, ({ values }) =>
      parameters.strategy === "mean" ? momentsOf(values, weights).mean : medianOf(values, weights),
    ),
    indicators: Uint8Array.from(columns, ({ values }) =>
      parameters.missingIndicator && values.some(Number.isNaN) ? 1 : 0,
    ),
  })
}

/** Missing values replaced; the column keeps its name and its indicator follows it. */
export const impute = (model: ImputerModel, features: Features): Features =>
  replaceColumns(model.features, features, (column, index) => {
    const { name, values } = checkNumbers(requireNumeric(column, "The imputer"), "allow")
    const filled = new Float64Array(values.length)
    const missing = new Uint8Array(values.length)
    for (let row = 0; row < values.length; row++) {
      missing[row] = Number.isNaN(values[row]) ? 1 : 0
      filled[row] = missing[row] === 1 ? model.fill[index] : values[row]
    }
    const columns: NumericColumn[] = [{ name, kind: "numeric", values: filled }]
    if (model.indicators[index] === 1)
      columns.push({ name: `${name} is missing`, kind: "numeric", values: missing })
    return columns
  })

const medianOf = (values: NumericArray, weights: Float64Array | undefined): number => {
  const rows: number[] = []
  for (let row = 0; row < values.length; row++) if (!Number.isNaN(values[row])) rows.push(row)
  if (rows.length === 0) return 0
  return weightedMedian(
    Float64Array.from(rows, row => values[row]),
    weights && Float64Array.from(rows, row => weights[row]),
  )
}
