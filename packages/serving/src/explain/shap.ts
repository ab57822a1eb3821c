import { RoadmapError } from "@roadmap/core/errors"
import { treeShap } from "@roadmap/ml/boosting/shap"
import { alignColumns } from "@roadmap/ml/columns"
import type { Features } from "@roadmap/ml/features"
import { toModelFeatures } from "../model/inputs.ts"
import type { ServedModel } from "../model/served.ts"

/** Why a row got its prediction: `expected` plus the contributions is the model's raw score. */
export interface RowExplanation {
  /** The score of a row of which nothing is known: log odds for a classifier. */
  readonly expected: number
  /** What each input moved the score by, by name. */
  readonly contributions: Readonly<Record<string, number>>
}

/** Rows that are explained at once at most: a row costs about a thousand times its prediction. */
export const explainedRows = 100

/**
 * Exact SHAP values of boosted trees (`treeShap` of @roadmap/ml). Throws INVALID_INPUT for another kind of
 * model and for more rows than `explainedRows`.
 */
export const explainRows = (served: ServedModel, features: Features): RowExplanation[] => {
  const { model } = served
  if (model?.kind !== "boosting")
    throw new RoadmapError(
      "INVALID_INPUT",
      `${served.uri} cannot be explained: it is ${model === undefined ? "an ONNX" : `a ${model.kind}`} model.`,
      { hint: "SHAP values are there for boosted trees; ask without explain." },
    )
  if (features.rows > explainedRows)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The request asks to explain ${features.rows} rows; at most ${explainedRows} are explained at once.`,
      { hint: "Explain the rows that matter, or split the request." },
    )
  const aligned = alignColumns(model.features, toModelFeatures(model.features, features))
  const { expected, contributions } = treeShap(model, { rows: features.rows, columns: aligned })
  const width = model.features.length
  return Array.from({ length: features.rows }, (_, row) => ({
    expected,
    contributions: Object.fromEntries(
      model.features.map(({ name }, f) => [name, contributions[row * width + f]]),
    ),
  }))
}
