import { RoadmapError } from "@roadmap/core/errors"
import type { CategoricalColumn, FeatureColumn, Features, NumericColumn } from "./features.ts"

/** What a model remembers of a feature it was fitted on. */
export interface FeatureSchema {
  readonly name: string
  readonly kind: "numeric" | "categorical"
  /** In the order of the codes; empty for a numeric feature. */
  readonly categories: readonly string[]
}

/** Code of a missing category. */
export const MISSING = -1
/** Code of a category that the model has not seen. */
export const UNKNOWN = -2

/** Names, types and categories of the columns, to be kept in a model. */
export const schemaOf = (features: Features): readonly FeatureSchema[] =>
  features.columns.map(column => ({
    name: column.name,
    kind: column.kind,
    categories: column.kind === "categorical" ? [...column.categories] : [],
  }))

/**
 * Brings the columns into the model's order, by name. Categorical codes come back in the model's categories:
 * -1 missing, -2 a category the model has not seen. Columns the model does not know are left out.
 * Throws INVALID_INPUT when a column is missing, of the other kind, or holds a code out of range.
 */
export const alignColumns = (schema: readonly FeatureSchema[], features: Features): FeatureColumn[] => {
  const byName = new Map(features.columns.map(column => [column.name, column]))
  return schema.map(wanted => {
    const column = byName.get(wanted.name)
    if (column === undefined)
      throw new RoadmapError(
        "INVALID_INPUT",
        `The model needs the feature "${wanted.name}"; it is missing.`,
        {
          hint: `The columns given are: ${features.columns.map(({ name }) => name).join(", ") || "none"}.`,
        },
      )
    if (column.kind !== wanted.kind)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Feature "${wanted.name}" is ${column.kind}; the model was fitted on a ${wanted.kind} one.`,
      )
    return column.kind === "numeric" ? column : recode(column, wanted.categories)
  })
}

/** The column when it is numeric; throws INVALID_INPUT for an estimator that takes numbers only. */
export const requireNumeric = (column: FeatureColumn, estimator: string): NumericColumn => {
  if (column.kind === "numeric") return column
  throw new RoadmapError(
    "INVALID_INPUT",
    `${estimator} takes numbers; feature "${column.name}" is categorical.`,
    {
      hint: "Encode it first (one-hot or target encoder), or leave it out.",
    },
  )
}

/**
 * Refuses infinite values and, when `missing` is "refuse", NaN. Throws INVALID_INPUT naming column and row.
 */
export const checkNumbers = (column: NumericColumn, missing: "refuse" | "allow"): NumericColumn => {
  const { values } = column
  if (!(values instanceof Float64Array || values instanceof Float32Array)) return column
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (Number.isFinite(value) || (missing === "allow" && Number.isNaN(value))) continue
    throw new RoadmapError("INVALID_INPUT", `Feature "${column.name}" holds ${value} at row ${row}.`, {
      hint: Number.isNaN(value)
        ? "Fill in missing values first (imputer), or leave such rows out."
        : "Replace infinite values by a number or by NaN (missing).",
    })
  }
  return column
}

/** Every column as numbers without gaps, in order. Throws INVALID_INPUT. */
export const completeNumbers = (columns: readonly FeatureColumn[], estimator: string): NumericColumn[] =>
  columns.map(column => checkNumbers(requireNumeric(column, estimator), "refuse"))

const recode = (column: CategoricalColumn, categories: readonly string[]): CategoricalColumn => {
  const { codes } = column
  const known = column.categories.length
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] < MISSING || codes[row] >= known)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Feature "${column.name}" has the code ${codes[row]} at row ${row}; it has ${known} categories.`,
      )
  }
  if (known === categories.length && categories.every((name, code) => name === column.categories[code]))
    return column
  const codeOf = new Map(categories.map((name, code) => [name, code]))
  const translation = Int32Array.from(column.categories, name => codeOf.get(name) ?? UNKNOWN)
  const recoded = new Int32Array(codes.length)
  for (let row = 0; row < codes.length; row++)
    recoded[row] = codes[row] < 0 ? MISSING : translation[codes[row]]
  return { name: column.name, kind: "categorical", codes: recoded, categories }
}
