import type { Points } from "../clustering/points.ts"
import { alignColumns, completeNumbers } from "../columns.ts"
import type { Features } from "../features.ts"
import { gatherPoints } from "./gather.ts"
import type { IsolationForestModel } from "./isolation-forest.ts"
import { expectedPathLength } from "./isolation-tree.ts"
import { countBelow, indexThresholds, type Thresholds } from "./thresholds.ts"

const BLOCK_ROWS = 1_024

/**
 * Anomaly score of each row, 2^(-mean path length / expected path length), in (0, 1]: towards 1 odd, well
 * below 0.5 ordinary (Liu, Ting and Zhou, 2008, section 2). scikit-learn's `score_samples` is its negative.
 * Throws INVALID_INPUT.
 */
export const anomalyScores = (model: IsolationForestModel, features: Features): Float64Array => {
  const columns = completeNumbers(alignColumns(model.features, features), "The isolation forest")
  const walk = walkOf(model)
  const scores = new Float64Array(features.rows)
  for (let first = 0; first < features.rows; first += BLOCK_ROWS) {
    const size = Math.min(BLOCK_ROWS, features.rows - first)
    // A multiple of four rows: the last one is repeated, and its extra sums are not read.
    const rows = Int32Array.from({ length: Math.ceil(size / 4) * 4 }, (_, i) => first + Math.min(i, size - 1))
    scores.set(sumPathLengths(walk, gatherPoints(columns, rows)).subarray(0, size), first)
  }
  const expected = expectedPathLength(model.sampleSize)
  for (let row = 0; row < scores.length; row++) {
    const mean = scores[row] / model.roots.length
    // One training row isolates nothing: every row is as odd as any other.
    scores[row] = expected === 0 ? 0.5 : 2 ** (-mean / expected)
  }
  return scores
}

/** The forest laid out for walking without branches: a leaf is its own child, whatever the value. */
interface Walk {
  readonly roots: Int32Array
  /** Longest way from each root to a leaf. */
  readonly depths: Int32Array
  readonly feature: Int32Array
  /** Number of the node's threshold among those of its feature. */
  readonly rank: Int32Array
  /** Left and right child of node n at 2n and 2n + 1. */
  readonly children: Int32Array
  readonly pathLength: Float64Array
  readonly thresholds: readonly Thresholds[]
}

const walks = new WeakMap<IsolationForestModel, Walk>()

/** The model's walk, laid out when it first scores. */
const walkOf = (model: IsolationForestModel): Walk => {
  const known = walks.get(model)
  if (known !== undefined) return known
  const walk = prepareWalk(model)
  walks.set(model, walk)
  return walk
}

const prepareWalk = (model: IsolationForestModel): Walk => {
  const { roots, feature, threshold, left, right, pathLength } = model
  const ofFeature = model.features.map((): number[] => [])
  feature.forEach((f, node) => {
    if (f >= 0) ofFeature[f].push(threshold[node])
  })
  const thresholds = ofFeature.map(indexThresholds)
  const rank = new Int32Array(feature.length)
  const children = new Int32Array(2 * feature.length)
  for (let node = 0; node < feature.length; node++) {
    const leaf = feature[node] < 0
    if (!leaf) rank[node] = countBelow(thresholds[feature[node]], threshold[node])
    children[2 * node] = leaf ? node : left[node]
    children[2 * node + 1] = leaf ? node : right[node]
  }
  const depthOf = (node: number): number =>
    feature[node] < 0 ? 0 : 1 + Math.max(depthOf(left[node]), depthOf(right[node]))
  return {
    roots,
    depths: Int32Array.from(roots, depthOf),
    feature: feature.map(split => Math.max(split, 0)),
    rank,
    children,
    pathLength,
    thresholds,
  }
}

/**
 * Four rows walk each tree side by side, always to its full depth. Values are first replaced by how many
 * thresholds of their feature lie below them: the sign bit of a difference of whole numbers chooses the
 * child, so no branch is ever guessed wrong. Half the time of comparing floats.
 */
const sumPathLengths = (walk: Walk, { rows, width, values }: Points): Float64Array => {
  const { roots, depths, feature, rank, children, pathLength, thresholds } = walk
  const codes = new Int32Array(rows * width)
  for (let column = 0; column < width; column++)
    for (let at = column; at < codes.length; at += width)
      codes[at] = countBelow(thresholds[column], values[at])
  const sums = new Float64Array(rows)
  for (let tree = 0; tree < roots.length; tree++) {
    const depth = depths[tree]
    for (let row = 0; row < rows; row += 4) {
      const r0 = row * width
      const r1 = r0 + width
      const r2 = r1 + width
      const r3 = r2 + width
      let n0 = roots[tree]
      let n1 = n0
      let n2 = n0
      let n3 = n0
      for (let level = 0; level < depth; level++) {
        n0 = children[2 * n0 + ((rank[n0] - codes[r0 + feature[n0]]) >>> 31)]
        n1 = children[2 * n1 + ((rank[n1] - codes[r1 + feature[n1]]) >>> 31)]
        n2 = children[2 * n2 + ((rank[n2] - codes[r2 + feature[n2]]) >>> 31)]
        n3 = children[2 * n3 + ((rank[n3] - codes[r3 + feature[n3]]) >>> 31)]
      }
      sums[row] += pathLength[n0]
      sums[row + 1] += pathLength[n1]
      sums[row + 2] += pathLength[n2]
      sums[row + 3] += pathLength[n3]
    }
  }
  return sums
}
