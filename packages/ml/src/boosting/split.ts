import type { BoostingParameters } from "./parameters.ts"
import { type Plan, type PlannedFeature, recordNumbers, setWordsOfBins } from "./plan.ts"

/** Sums over the rows of a leaf, in the histogram's integers, and the bounds monotone splits put on it. */
export interface LeafSums {
  gradient: number
  hessian: number
  rows: number
  lower: number
  upper: number
}

/** The best split found so far. `gain` is the loss reduction; 0 or less means none. */
export interface Split {
  gain: number
  /** Index in plan.features. */
  feature: number
  /** Numeric: bins up to this one go left. Categorical: -1, and `set` holds the bins that go left. */
  bin: number
  missingLeft: number
  leftGradient: number
  leftHessian: number
  leftRows: number
  set: Uint32Array
}

export const noSplit = (): Split => ({
  gain: 0,
  feature: -1,
  bin: -1,
  missingLeft: 0,
  leftGradient: 0,
  leftHessian: 0,
  leftRows: 0,
  set: new Uint32Array(setWordsOfBins),
})

/** What a scan needs besides the histogram, worked out once a fit. */
export interface ScanContext {
  readonly parameters: BoostingParameters
  readonly full: boolean
  /** 4-byte elements of a histogram entry. */
  readonly step: number
  readonly countBits: number
  readonly countMask: number
  /** Gradient of one unit of an entry's high word. */
  readonly highUnit: number
  /** Real gradient and hessian of one integer unit. */
  gradientUnit: number
  hessianUnit: number
  readonly constrained: boolean
}

export const createScanContext = (plan: Plan): ScanContext => ({
  parameters: plan.parameters,
  full: plan.mode === "full",
  step: plan.entryBytes / 4,
  countBits: plan.countBits,
  countMask: 2 ** plan.countBits - 1,
  highUnit: 2 ** (32 - plan.countBits),
  gradientUnit: 1,
  hessianUnit: 1,
  constrained: plan.features.some(({ monotone }) => monotone !== 0),
})

/** The value that minimises g w + (h + l2) w^2 / 2 + l1 |w|, within bounds. */
export const leafValue = (
  g: number,
  h: number,
  l1: number,
  l2: number,
  lower: number,
  upper: number,
): number => {
  const shrunk = g > l1 ? g - l1 : g < -l1 ? g + l1 : 0
  const value = h + l2 > 0 ? -shrunk / (h + l2) : 0
  return Math.max(lower, Math.min(upper, value))
}

/** Twice the loss reduction of giving rows with sums g and h the value w. */
const scoreAt = (g: number, h: number, w: number, l1: number, l2: number): number =>
  -(2 * g * w + (h + l2) * w * w + 2 * l1 * Math.abs(w))

const bestScore = (g: number, h: number, l1: number, l2: number): number => {
  const shrunk = g > l1 ? g - l1 : g < -l1 ? g + l1 : 0
  return h + l2 > 0 ? (shrunk * shrunk) / (h + l2) : 0
}

export const scoreOfLeaf = (context: ScanContext, leaf: LeafSums): number => {
  const { parameters, gradientUnit, hessianUnit } = context
  const g = leaf.gradient * gradientUnit
  const h = leaf.hessian * hessianUnit
  if (!context.constrained) return bestScore(g, h, parameters.l1, parameters.l2)
  const w = leafValue(g, h, parameters.l1, parameters.l2, leaf.lower, leaf.upper)
  return scoreAt(g, h, w, parameters.l1, parameters.l2)
}

/**
 * Looks through the thresholds of a numeric feature, with missing values right and, when the leaf has any,
 * left. `at` is the i32 index of the feature's first entry. Among equal gains the first one found stays.
 */
export const scanNumeric = (
  i32: Int32Array,
  at: number,
  position: number,
  feature: PlannedFeature,
  leaf: LeafSums,
  context: ScanContext,
  best: Split,
): void => {
  const { step, countBits, countMask, highUnit } = context
  scanThresholds(i32, at, position, feature, leaf, context, best, 0, 0, 0, 0)
  const missing = at + feature.bins * step
  const rows = i32[missing] & countMask
  if (rows === 0) return
  const gradient = i32[missing + 1] * highUnit + (i32[missing] >>> countBits)
  const hessian = context.full ? i32[missing + 3] * 0x1_0000_0000 + (i32[missing + 2] >>> 0) : rows
  scanThresholds(i32, at, position, feature, leaf, context, best, 1, gradient, hessian, rows)
}

const scanThresholds = (
  i32: Int32Array,
  start: number,
  position: number,
  feature: PlannedFeature,
  leaf: LeafSums,
  context: ScanContext,
  best: Split,
  missingLeft: number,
  gradientAtStart: number,
  hessianAtStart: number,
  rowsAtStart: number,
): void => {
  const { full, step, countBits, countMask, highUnit, gradientUnit, hessianUnit, constrained } = context
  const { minRowsPerLeaf, minHessianPerLeaf, l1, l2 } = context.parameters
  const parentScore = scoreOfLeaf(context, leaf)
  const leastRows = leaf.rows - minRowsPerLeaf
  let gradient = gradientAtStart
  let hessian = hessianAtStart
  let rows = rowsAtStart
  let bestGain = best.gain
  let bestBin = -1
  let bestGradient = 0
  let bestHessian = 0
  let bestRows = 0
  for (let bin = 0, at = start; bin < feature.bins; bin++, at += step) {
    const low = i32[at]
    const count = low & countMask
    if (count === 0) continue
    rows += count
    gradient += i32[at + 1] * highUnit + (low >>> countBits)
    hessian = full ? hessian + i32[at + 3] * 0x1_0000_0000 + (i32[at + 2] >>> 0) : rows
    if (rows < minRowsPerLeaf) continue
    if (rows > leastRows) break
    const g = gradient * gradientUnit
    const h = hessian * hessianUnit
    const otherG = (leaf.gradient - gradient) * gradientUnit
    const otherH = (leaf.hessian - hessian) * hessianUnit
    if (h < minHessianPerLeaf || otherH < minHessianPerLeaf) continue
    let score: number
    if (constrained) {
      const w = leafValue(g, h, l1, l2, leaf.lower, leaf.upper)
      const otherW = leafValue(otherG, otherH, l1, l2, leaf.lower, leaf.upper)
      if ((otherW - w) * feature.monotone < 0) continue
      score = scoreAt(g, h, w, l1, l2) + scoreAt(otherG, otherH, otherW, l1, l2)
    } else if (l1 === 0) {
      score = (g * g) / (h + l2) + (otherG * otherG) / (otherH + l2)
    } else {
      score = bestScore(g, h, l1, l2) + bestScore(otherG, otherH, l1, l2)
    }
    const gain = 0.5 * (score - parentScore)
    if (gain <= bestGain) continue
    bestGain = gain
    bestBin = bin
    bestGradient = gradient
    bestHessian = hessian
    bestRows = rows
  }
  if (bestBin < 0) return
  best.gain = bestGain
  best.feature = position
  best.bin = bestBin
  best.missingLeft = missingLeft
  best.leftGradient = bestGradient
  best.leftHessian = bestHessian
  best.leftRows = bestRows
  // Nothing was missing here in training: at prediction a missing value goes with the larger side.
  if (missingLeft === 0 && (i32[start + feature.bins * step] & countMask) === 0)
    best.missingLeft = bestRows * 2 > leaf.rows ? 1 : 0
}

/** Records are how threads tell each other their best split: plain numbers in the shared buffer. */
export const writeRecord = (f64: Float64Array, at: number, split: Split): void => {
  f64[at] = split.gain
  f64[at + 1] = split.feature
  f64[at + 2] = split.bin
  f64[at + 3] = split.missingLeft
  f64[at + 4] = split.leftGradient
  f64[at + 5] = split.leftHessian
  f64[at + 6] = split.leftRows
  for (let word = 0; word < setWordsOfBins; word++) f64[at + 8 + word] = split.set[word]
}

/** The largest gain of all threads; among equal ones the lowest feature, whichever thread scanned it. */
export const bestRecord = (f64: Float64Array, first: number, threads: number, child: number): Split => {
  let best = first + child * recordNumbers
  for (let thread = 1; thread < threads; thread++) {
    const at = first + (thread * 2 + child) * recordNumbers
    if (f64[at + 1] < 0) continue
    if (f64[at] > f64[best] || f64[best + 1] < 0 || (f64[at] === f64[best] && f64[at + 1] < f64[best + 1]))
      best = at
  }
  return {
    gain: f64[best],
    feature: f64[best + 1],
    bin: f64[best + 2],
    missingLeft: f64[best + 3],
    leftGradient: f64[best + 4],
    leftHessian: f64[best + 5],
    leftRows: f64[best + 6],
    set: Uint32Array.from({ length: setWordsOfBins }, (_, word) => f64[best + 8 + word]),
  }
}
