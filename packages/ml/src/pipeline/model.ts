import { RoadmapError } from "@roadmap/core/errors"
import { alignColumns, type FeatureSchema, UNKNOWN } from "../columns.ts"
import type { FeatureColumn, Features } from "../features.ts"
import type { Model } from "../model.ts"
import { type Transformer, transform } from "../transformer.ts"

/** What a pipeline does with input that differs from its training rows. */
export interface PipelinePolicy {
  /**
   * "accept": each step does what it does (one-hot: zeros; target encoder: the mean). "refuse":
   * INVALID_INPUT.
   */
  readonly unknownCategories: "accept" | "refuse"
  /** "refuse": INVALID_INPUT. "fill": every row of the column is a missing value. */
  readonly missingColumns: "refuse" | "fill"
}

/** Preprocessing and estimator as one model: it takes the features as they come and predicts. */
export interface PipelineModel {
  readonly kind: "pipeline"
  /** The input columns: names, kinds, categories of the training rows. */
  readonly features: readonly FeatureSchema[]
  /** Name of the predicted value. */
  readonly output: string
  readonly policy: PipelinePolicy
  readonly steps: readonly Transformer[]
  readonly estimator: Model
}

/** Input columns checked by the policy, then through every step. Throws INVALID_INPUT. */
export const preprocess = (model: PipelineModel, features: Features): Features => {
  const columns = model.features.map(schema => inputColumn(schema, features, model.policy))
  if (model.policy.unknownCategories === "refuse")
    refuseUnknown(model.features, { rows: features.rows, columns })
  return model.steps.reduce((rows, step) => transform(step, rows), {
    rows: features.rows,
    columns,
  } as Features)
}

const inputColumn = (schema: FeatureSchema, features: Features, policy: PipelinePolicy): FeatureColumn => {
  const column = features.columns.find(({ name }) => name === schema.name)
  if (column === undefined && policy.missingColumns === "fill") return missingColumn(schema, features.rows)
  alignColumns([schema], { rows: features.rows, columns: column === undefined ? [] : [column] })
  return column as FeatureColumn
}

const missingColumn = ({ name, kind, categories }: FeatureSchema, rows: number): FeatureColumn =>
  kind === "numeric"
    ? { name, kind, values: new Float64Array(rows).fill(Number.NaN) }
    : { name, kind, codes: new Int32Array(rows).fill(-1), categories }

const refuseUnknown = (schema: readonly FeatureSchema[], features: Features): void => {
  alignColumns(schema, features).forEach((aligned, index) => {
    if (aligned.kind === "numeric") return
    const row = aligned.codes.indexOf(UNKNOWN)
    const given = features.columns[index]
    if (row < 0 || given.kind === "numeric") return
    throw new RoadmapError(
      "INVALID_INPUT",
      `Feature "${given.name}" holds "${given.categories[given.codes[row]]}" at row ${row}; the model has not seen it.`,
      { hint: "Fit the pipeline again with such rows, or with unknownCategories: accept." },
    )
  })
}
