import type { FeatureBins } from "./binning.ts"
import type { FinishedTree } from "./boost.ts"
import type { TreeNode } from "./grow.ts"
import { type BoostingFeature, type BoostingModel, setWords } from "./model.ts"
import type { Loss } from "./parameters.ts"
import type { Plan } from "./plan.ts"

interface Parts {
  loss: Loss
  features: readonly BoostingFeature[]
  bins: readonly FeatureBins[]
  baseline: number
  trees: readonly FinishedTree[]
  plan: Plan | undefined
}

/** Trees in bins become a model in feature values. */
export const assembleModel = ({ loss, features, bins, baseline, trees, plan }: Parts): BoostingModel => {
  const count = trees.reduce((sum, { nodes }) => sum + nodes.length, 0)
  const sets: number[] = []
  const model = {
    kind: "boosting" as const,
    loss,
    features: features.map(feature => ({ ...feature, categories: [...feature.categories] })),
    baseline,
    roots: new Int32Array(trees.length),
    feature: new Int32Array(count).fill(-1),
    threshold: new Float64Array(count),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
    categorySet: new Int32Array(count).fill(-1),
    value: new Float64Array(count),
    gain: new Float64Array(count),
    cover: new Float64Array(count),
  }
  let first = 0
  trees.forEach(({ nodes }, tree) => {
    model.roots[tree] = first
    nodes.forEach((node, i) => {
      const at = first + i
      model.value[at] = node.value
      model.cover[at] = node.rows
      if (node.feature < 0) return
      const index = plan!.features[node.feature].index
      const featureBins = bins[index]
      model.feature[at] = index
      model.left[at] = first + node.left
      model.right[at] = first + node.right
      model.gain[at] = node.gain
      model.missingLeft[at] = node.missingLeft
      if (featureBins.kind === "numeric") {
        const { thresholds } = featureBins
        // Past the last threshold the split parts all values from the missing ones.
        model.threshold[at] = node.bin < thresholds.length ? thresholds[node.bin] : Infinity
      } else {
        model.categorySet[at] = sets.length
        sets.push(...categorySet(node, featureBins.binOfCode, setWords(features[index])))
      }
    })
    first += nodes.length
  })
  return { ...model, categorySets: Uint32Array.from(sets) }
}

const categorySet = (node: TreeNode, binOfCode: Uint8Array, words: number): number[] => {
  const set = new Array<number>(words).fill(0)
  binOfCode.forEach((bin, code) => {
    if ((node.set![bin >>> 5] >>> (bin & 31)) & 1) set[code >>> 5] |= 1 << (code & 31)
  })
  return set
}

/** One model with the trees of `first`, then those of `second`; both have the same features and baseline. */
export const joinModels = (first: BoostingModel, second: BoostingModel): BoostingModel => {
  const nodes = first.feature.length
  const words = first.categorySets.length
  const shifted = (values: Int32Array, by: number) => values.map(value => (value < 0 ? value : value + by))
  return {
    ...second,
    roots: join(
      first.roots,
      second.roots.map(root => root + nodes),
    ),
    feature: join(first.feature, second.feature),
    threshold: join(first.threshold, second.threshold),
    missingLeft: join(first.missingLeft, second.missingLeft),
    left: join(first.left, shifted(second.left, nodes)),
    right: join(first.right, shifted(second.right, nodes)),
    categorySet: join(first.categorySet, shifted(second.categorySet, words)),
    categorySets: join(first.categorySets, second.categorySets),
    value: join(first.value, second.value),
    gain: join(first.gain, second.gain),
    cover: join(first.cover, second.cover),
  }
}

type Joinable = Int32Array | Float64Array | Uint8Array | Uint32Array

const join = <T extends Joinable>(a: T, b: T): T => {
  const joined = new (a.constructor as new (length: number) => T)(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
