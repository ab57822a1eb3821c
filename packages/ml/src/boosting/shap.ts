import { throwIfAborted } from "@roadmap/core/async"
import type { Features } from "../features.ts"
import { type BoostingModel, goesLeft } from "./model.ts"
import { checkColumns } from "./survey.ts"

export interface ShapValues {
  /** Mean score of the training rows as the trees' covers weigh them: what a row without features gets. */
  readonly expected: number
  /** contributions[row * features + feature], in units of the score. A row's add up to score - expected. */
  readonly contributions: Float64Array
}

/**
 * Exact Shapley values of each feature for each row's raw score, for the game in which an absent feature
 * follows both branches in proportion to their training rows ("path dependent"): algorithm 2 of Lundberg,
 * Erion and Lee, "Consistent Individualized Feature Attribution for Tree Ensembles" (arXiv 1802.03888).
 * Throws INVALID_INPUT when the features are not the model's.
 */
export const treeShap = (
  model: BoostingModel,
  features: Features,
  options: { signal?: AbortSignal } = {},
): ShapValues => {
  checkColumns(model.features, features.columns)
  const width = model.features.length
  const contributions = new Float64Array(features.rows * width)
  const values = new Float64Array(width)
  const path = createPath(deepest(model))
  for (let row = 0; row < features.rows; row++) {
    if (row % 256 === 0) throwIfAborted(options.signal)
    features.columns.forEach((column, f) => {
      values[f] = column.kind === "numeric" ? column.values[row] : column.codes[row]
    })
    const own = contributions.subarray(row * width, (row + 1) * width)
    for (const root of model.roots) explain(model, path, values, own, root, 0, 0, 1, 1, -1)
  }
  const expected = model.roots.reduce((sum, root) => sum + expectedValue(model, root), model.baseline)
  return { expected, contributions }
}

const expectedValue = (model: BoostingModel, node: number): number => {
  if (model.feature[node] < 0) return model.value[node]
  const [left, right] = [model.left[node], model.right[node]]
  const weighted = (child: number) => model.cover[child] * expectedValue(model, child)
  return (weighted(left) + weighted(right)) / (model.cover[left] + model.cover[right])
}

const deepest = (model: BoostingModel): number => {
  const depth = (node: number): number =>
    model.feature[node] < 0 ? 0 : 1 + Math.max(depth(model.left[node]), depth(model.right[node]))
  return model.roots.reduce((most, root) => Math.max(most, depth(root)), 0)
}

/**
 * The features met on the way down, each once: the share of rows that pass when the feature is absent
 * (`zero`) and when it is present (`one`), and the weights of the subsets by size. Every depth has a copy of
 * its own, one after the other.
 */
interface Path {
  readonly feature: Int32Array
  readonly zero: Float64Array
  readonly one: Float64Array
  readonly weight: Float64Array
}

const createPath = (depth: number): Path => {
  const size = ((depth + 2) * (depth + 3)) / 2
  return {
    feature: new Int32Array(size),
    zero: new Float64Array(size),
    one: new Float64Array(size),
    weight: new Float64Array(size),
  }
}

/** `at` is where this depth's path begins and `length` how many features it has, the one to be added left out. */
const explain = (
  model: BoostingModel,
  path: Path,
  values: Float64Array,
  contributions: Float64Array,
  node: number,
  at: number,
  length: number,
  zero: number,
  one: number,
  feature: number,
): void => {
  extend(path, at, length, zero, one, feature)
  const split = model.feature[node]
  if (split < 0) {
    for (let i = 1; i <= length; i++) {
      const weight = unwoundSum(path, at, length, i)
      contributions[path.feature[at + i]] +=
        weight * (path.one[at + i] - path.zero[at + i]) * model.value[node]
    }
    return
  }
  const left = goesLeft(model, node, values[split])
  const hot = left ? model.left[node] : model.right[node]
  const cold = left ? model.right[node] : model.left[node]
  const total = model.cover[hot] + model.cover[cold]
  let size = length + 1
  let zeroBefore = 1
  let oneBefore = 1
  const seen = path.feature.subarray(at, at + size).indexOf(split, 1)
  if (seen >= 0) {
    zeroBefore = path.zero[at + seen]
    oneBefore = path.one[at + seen]
    size--
    unwind(path, at, size, seen)
  }
  const next = at + length + 1
  const descend = (child: number, childOne: number): void => {
    for (const values of [path.feature, path.zero, path.one, path.weight])
      values.copyWithin(next, at, at + size)
    const childZero = (zeroBefore * model.cover[child]) / total
    explain(model, path, values, contributions, child, next, size, childZero, childOne, split)
  }
  descend(hot, oneBefore)
  descend(cold, 0)
}

/** Adds a feature as element `length` and the weights of all subsets with and without it. */
const extend = (path: Path, at: number, length: number, zero: number, one: number, feature: number): void => {
  const { weight } = path
  path.feature[at + length] = feature
  path.zero[at + length] = zero
  path.one[at + length] = one
  weight[at + length] = length === 0 ? 1 : 0
  for (let i = length - 1; i >= 0; i--) {
    weight[at + i + 1] += (one * weight[at + i] * (i + 1)) / (length + 1)
    weight[at + i] = (zero * weight[at + i] * (length - i)) / (length + 1)
  }
}

/** Takes element `index` out of a path of elements 0..length: the inverse of `extend`. */
const unwind = (path: Path, at: number, length: number, index: number): void => {
  const { weight, feature } = path
  const one = path.one[at + index]
  const zero = path.zero[at + index]
  let next = weight[at + length]
  for (let i = length - 1; i >= 0; i--) {
    if (one !== 0) {
      const held = weight[at + i]
      weight[at + i] = (next * (length + 1)) / ((i + 1) * one)
      next = held - (weight[at + i] * zero * (length - i)) / (length + 1)
    } else weight[at + i] = (weight[at + i] * (length + 1)) / (zero * (length - i))
  }
  for (let i = index; i < length; i++) {
    feature[at + i] = feature[at + i + 1]
    path.zero[at + i] = path.zero[at + i + 1]
    path.one[at + i] = path.one[at + i + 1]
  }
}

/** Sum of the weights that `unwind` would leave, without changing the path. */
const unwoundSum = ({ weight, zero, one }: Path, at: number, length: number, index: number): number => {
  let next = weight[at + length]
  let sum = 0
  for (let i = length - 1; i >= 0; i--) {
    if (one[at + index] !== 0) {
      const held = (next * (length + 1)) / ((i + 1) * one[at + index])
      sum += held
      next = weight[at + i] - (held * zero[at + index] * (length - i)) / (length + 1)
    } else sum += (weight[at + i] * (length + 1)) / (zero[at + index] * (length - i))
  }
  return sum
}
