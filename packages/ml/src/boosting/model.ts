import type { Loss } from "./parameters.ts"

export interface BoostingFeature {
  readonly name: string
  readonly kind: "numeric" | "categorical"
  /** Categories in the order of the training codes; empty for a numeric feature. */
  readonly categories: readonly string[]
}

/**
 * A fitted ensemble, as plain data. Nodes of all trees lie in one set of arrays; `roots[t]` is the first
 * node of tree t, and children are indices into the same arrays.
 *
 * A row at node n with value x of feature f = feature[n] goes left when
 * - f is numeric: x <= threshold[n], or x is NaN and missingLeft[n] is 1;
 * - f is categorical with code c: bit c of the node's set is 1; or c is missing (-1) or unknown
 *   (outside the set's range) and missingLeft[n] is 1.
 * At a leaf (feature[n] = -1) the row adds value[n] to its score.
 */
export interface BoostingModel {
  readonly kind: "boosting"
  readonly loss: Loss
  readonly features: readonly BoostingFeature[]
  /** Score of a row before the first tree (log odds for logistic, log of the mean for Poisson). */
  readonly baseline: number
  readonly roots: Int32Array
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly missingLeft: Uint8Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** First word of the node's category set in `categorySets`; -1 at numeric nodes and leaves. */
  readonly categorySet: Int32Array
  /** Bit sets of 32 codes a word, ceil(categories / 32) words a node. */
  readonly categorySets: Uint32Array
  /** Score added at a leaf, shrinkage included; at an inner node the value it had before its split. */
  readonly value: Float64Array
  /** Loss reduction of the node's split; 0 at a leaf. */
  readonly gain: Float64Array
  /** Training rows that reached the node. */
  readonly cover: Float64Array
}

export const treeCount = (model: BoostingModel): number => model.roots.length

/** Words of a category set of `feature`. */
export const setWords = (feature: BoostingFeature): number => Math.ceil(feature.categories.length / 32)

/** The mean of the loss's distribution for a raw score. */
export const responseOf = (loss: Loss, score: number): number =>
  loss === "logistic" ? 1 / (1 + Math.exp(-score)) : loss === "poisson" ? Math.exp(score) : score

/** Whether a row with this value (a code when categorical) of the node's feature goes left. */
export const goesLeft = (model: BoostingModel, node: number, value: number): boolean => {
  const set = model.categorySet[node]
  if (set < 0) return value <= model.threshold[node] || (Number.isNaN(value) && model.missingLeft[node] === 1)
  if (!(value >= 0 && value < model.features[model.feature[node]].categories.length))
    return model.missingLeft[node] === 1
  return ((model.categorySets[set + (value >>> 5)] >>> (value & 31)) & 1) === 1
}
