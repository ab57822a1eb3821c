import { type FeatureSchema, schemaOf } from "../columns.ts"
import type { CategoricalColumn, Features, NumericColumn } from "../features.ts"
import { frozen } from "../frozen.ts"
import { chooseColumns, replaceColumns } from "./columns.ts"

export interface OneHotModel {
  readonly kind: "one-hot"
  /** The encoded features, each with the categories that occur in the training rows. */
  readonly features: readonly FeatureSchema[]
}

/**
 * Learns which categories occur. Each becomes a 0/1 column "feature=category"; missing and unknown categories
 * are all zeros (scikit-learn's `OneHotEncoder(handle_unknown="ignore")`). Throws INVALID_INPUT.
 */
export const fitOneHot = (input: {
  readonly features: Features
  /** Default: all categorical features. */
  readonly columns?: readonly string[]
}): OneHotModel => {
  const columns = chooseColumns(input.features, input.columns, {
    kind: "categorical",
    step: "The one-hot encoder",
  })
  return frozen({
    kind: "one-hot",
    features: schemaOf({ rows: input.features.rows, columns: columns.map(occurring) }),
  })
}

/** One column of bytes a category, in the place of the feature. */
export const oneHot = (model: OneHotModel, features: Features): Features =>
  replaceColumns(model.features, features, column => {
    if (column.kind === "numeric") return [column]
    const columns = column.categories.map((category): NumericColumn & { values: Uint8Array } => ({
      name: `${column.name}=${category}`,
      kind: "numeric",
      values: new Uint8Array(features.rows),
    }))
    for (let row = 0; row < features.rows; row++) {
      const code = column.codes[row]
      if (code >= 0) columns[code].values[row] = 1
    }
    return columns
  })

const occurring = (column: CategoricalColumn): CategoricalColumn => {
  const seen = new Uint8Array(column.categories.length)
  for (let row = 0; row < column.codes.length; row++) if (column.codes[row] >= 0) seen[column.codes[row]] = 1
  return { ...column, categories: column.categories.filter((_, code) => seen[code] === 1) }
}
