import type { PlannedFeature } from "./plan.ts"
import type { LeafSums, ScanContext, Split } from "./split.ts"
import { scoreOfLeaf } from "./split.ts"

/**
 * Looks for the best set of categories to send left. Few categories: each alone against the rest. Many:
 * sorted by gradient / (hessian + smoothing) the best set is a prefix or a suffix of that order (Fisher,
 * 1958), which is tried from both ends. Limits and smoothing are LightGBM's (Ke et al., NeurIPS 2017).
 * The missing bin is one more category.
 */
export const scanCategories = (
  i32: Int32Array,
  at: number,
  position: number,
  feature: PlannedFeature,
  leaf: LeafSums,
  context: ScanContext,
  best: Split,
): void => {
  const { step, countBits, countMask, highUnit, full, parameters, hessianUnit } = context
  const present: Category[] = []
  for (let bin = 0; bin <= feature.bins; bin++) {
    const entry = at + bin * step
    const rows = i32[entry] & countMask
    if (rows === 0) continue
    const gradient = i32[entry + 1] * highUnit + (i32[entry] >>> countBits)
    const hessian = full ? i32[entry + 3] * 0x1_0000_0000 + (i32[entry + 2] >>> 0) : rows
    const order = (gradient * context.gradientUnit) / (hessian * hessianUnit + parameters.categorySmoothing)
    present.push({ bin, rows, gradient, hessian, order })
  }
  if (present.length < 2) return
  if (present.length <= parameters.oneHotCategories) {
    for (const category of present) tryGroup([category], position, feature, leaf, context, 0, best)
    return
  }
  const frequent = present.filter(({ rows }) => rows >= parameters.categorySmoothing)
  frequent.sort((a, b) => a.order - b.order || a.bin - b.bin)
  tryPrefixes(frequent, position, feature, leaf, context, best)
  tryPrefixes(frequent.reverse(), position, feature, leaf, context, best)
}

interface Category {
  bin: number
  rows: number
  gradient: number
  hessian: number
  order: number
}

const tryPrefixes = (
  sorted: Category[],
  position: number,
  feature: PlannedFeature,
  leaf: LeafSums,
  context: ScanContext,
  best: Split,
): void => {
  const { maxCategoriesPerSplit, minRowsPerCategoryGroup, categoryL2 } = context.parameters
  const most = Math.min(maxCategoriesPerSplit, sorted.length - 1, (sorted.length + 1) >> 1)
  let since = 0
  for (let length = 1; length <= most; length++) {
    since += sorted[length - 1].rows
    if (since < minRowsPerCategoryGroup) continue
    since = 0
    tryGroup(sorted.slice(0, length), position, feature, leaf, context, categoryL2, best)
  }
}

const tryGroup = (
  group: readonly Category[],
  position: number,
  feature: PlannedFeature,
  leaf: LeafSums,
  context: ScanContext,
  extraL2: number,
  best: Split,
): void => {
  const { minRowsPerLeaf, minHessianPerLeaf, minRowsPerCategoryGroup, oneHotCategories } = context.parameters
  let gradient = 0
  let hessian = 0
  let rows = 0
  for (const category of group) {
    gradient += category.gradient
    hessian += category.hessian
    rows += category.rows
  }
  const leastOther =
    feature.bins <= oneHotCategories ? minRowsPerLeaf : Math.max(minRowsPerLeaf, minRowsPerCategoryGroup)
  if (rows < minRowsPerLeaf || leaf.rows - rows < leastOther) return
  if (hessian * context.hessianUnit < minHessianPerLeaf) return
  if ((leaf.hessian - hessian) * context.hessianUnit < minHessianPerLeaf) return
  const regularised = extraL2 === 0 ? context : withL2(context, context.parameters.l2 + extraL2)
  const bounds = { lower: leaf.lower, upper: leaf.upper }
  const left = { gradient, hessian, rows, ...bounds }
  const right = {
    gradient: leaf.gradient - gradient,
    hessian: leaf.hessian - hessian,
    rows: leaf.rows - rows,
    ...bounds,
  }
  const score = scoreOfLeaf(regularised, left) + scoreOfLeaf(regularised, right)
  const gain = 0.5 * (score - scoreOfLeaf(context, leaf))
  if (gain <= best.gain) return
  best.gain = gain
  best.feature = position
  best.bin = -1
  best.leftGradient = gradient
  best.leftHessian = hessian
  best.leftRows = rows
  best.set.fill(0)
  for (const { bin } of group) best.set[bin >>> 5] |= 1 << (bin & 31)
  best.missingLeft = (best.set[feature.bins >>> 5] >>> (feature.bins & 31)) & 1
}

const withL2 = (context: ScanContext, l2: number): ScanContext => ({
  ...context,
  parameters: { ...context.parameters, l2 },
})
