import type { BoostingModel } from "@roadmap/ml/boosting/model"
import { rowPredictor } from "@roadmap/ml/boosting/predict"
import type { Features } from "@roadmap/ml/features"
import { codeOfNumber } from "./inputs.ts"

export interface FewRows {
  /** For fewer rows than this; from here on the compiled predictor of @roadmap/ml is faster. */
  readonly upTo: number
  respond(features: Features): { value: Float64Array; probability?: Float64Array }
}

/**
 * Boosted trees for a request's few rows: one row after the other through `rowPredictor`, without the
 * blocks and checks that pay from some hundred rows on. The sums are the same as the model's own, in the same
 * order, so the answers are equal to the bit.
 */
export const boostingRows = (model: BoostingModel): FewRows => {
  const predictRow = rowPredictor(model)
  const width = model.features.length
  const isCategory = model.features.map(({ kind }) => kind === "categorical")
  const known = model.features.map(({ categories }) => categories.length)
  const row = new Float64Array(width)
  const classifies = model.loss === "logistic"
  return {
    upTo: 512,
    respond({ rows, columns }) {
      const value = new Float64Array(rows)
      for (let r = 0; r < rows; r++) {
        for (let f = 0; f < width; f++) {
          const column = columns[f]
          if (column.kind === "categorical") row[f] = column.codes[r]
          else row[f] = isCategory[f] ? codeOfNumber(column.values[r], known[f]) : column.values[r]
        }
        value[r] = predictRow(row)
      }
      if (!classifies) return { value }
      const label = new Float64Array(rows)
      for (let r = 0; r < rows; r++) label[r] = value[r] > 0.5 ? 1 : 0
      return { value: label, probability: value }
    },
  }
}
