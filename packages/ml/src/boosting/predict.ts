import { throwIfAborted } from "@roadmap/core/async"
import type { Features } from "../features.ts"
import { type BlockPredictor, compilePredictor, usedFeatures } from "./compile-predictor.ts"
import { type BoostingModel, goesLeft, responseOf } from "./model.ts"
import { checkColumns } from "./survey.ts"

export interface PredictOptions {
  /** Use the first trees only. Default: all. */
  trees?: number
  /** Default: WebAssembly from 512 rows on. The numbers are the same. */
  engine?: "wasm" | "typescript"
  signal?: AbortSignal
}

/** Mean of the target for each row: a probability for logistic loss, a rate for Poisson. Throws INVALID_INPUT. */
export const predictBoosting = (
  model: BoostingModel,
  features: Features,
  options: PredictOptions = {},
): Float64Array => {
  const scores = predictScores(model, features, options)
  if (model.loss === "logistic" || model.loss === "poisson")
    for (let row = 0; row < scores.length; row++) scores[row] = responseOf(model.loss, scores[row])
  return scores
}

/** Fewer rows than this are not worth a compiled predictor. */
const rowsToCompile = 512

/** Raw score of each row: baseline plus one leaf of every tree, added in the order of the trees. */
export const predictScores = (
  model: BoostingModel,
  features: Features,
  options: PredictOptions = {},
): Float64Array => {
  checkColumns(model.features, features.columns)
  const scores = new Float64Array(features.rows).fill(model.baseline)
  const trees = Math.min(options.trees ?? model.roots.length, model.roots.length)
  const wantsWasm =
    options.engine === "wasm" || (options.engine !== "typescript" && features.rows >= rowsToCompile)
  const predictor = (wantsWasm ? compilePredictor(model) : undefined) ?? interpreter(model)
  const values = new Float64Array(predictor.rows)
  for (let first = 0; first < features.rows; first += predictor.rows) {
    throwIfAborted(options.signal)
    const count = Math.min(features.rows - first, predictor.rows)
    features.columns.forEach((column, f) => {
      if (!predictor.uses(f)) return
      values.set((column.kind === "numeric" ? column.values : column.codes).subarray(first, first + count))
      predictor.setFeature(f, values, count)
    })
    predictor.addTrees(trees, count, scores, first)
  }
  return scores
}

/** Walks down each tree for each row. Gives the same sums as the compiled predictor, bit for bit. */
const interpreter = (model: BoostingModel): BlockPredictor => {
  const rows = 256
  const width = model.features.length
  const block = new Float64Array(rows * width)
  const used = usedFeatures(model)
  return {
    rows,
    uses: feature => used[feature] === 1,
    setFeature(feature, values, count) {
      for (let i = 0; i < count; i++) block[i * width + feature] = values[i]
    },
    addTrees(trees, count, scores, at) {
      for (let tree = 0; tree < trees; tree++)
        for (let i = 0; i < count; i++)
          scores[at + i] += model.value[leafOf(model, model.roots[tree], block, i * width)]
    },
  }
}

/** The leaf reached from `node` by the row whose values (categories as codes) start at values[at]. */
export const leafOf = (model: BoostingModel, node: number, values: Float64Array, at: number): number => {
  const { feature, left, right } = model
  for (let f = feature[node]; f >= 0; f = feature[node])
    node = goesLeft(model, node, values[at + f]) ? left[node] : right[node]
  return node
}

/**
 * A function for one row at a time, for servers: values in the order of the model's features (codes for
 * categories, NaN or -1 for missing), the response out.
 */
export const rowPredictor = (model: BoostingModel): ((values: Float64Array) => number) => {
  const { roots, value, baseline, loss } = model
  return values => {
    let score = baseline
    for (let tree = 0; tree < roots.length; tree++) score += value[leafOf(model, roots[tree], values, 0)]
    return responseOf(loss, score)
  }
}
