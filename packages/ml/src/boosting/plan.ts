import { RoadmapError } from "@roadmap/core/errors"
import { binCount, type FeatureBins } from "./binning.ts"
import { tableCells } from "./logistic.ts"
import type { BoostingParameters } from "./parameters.ts"

/**
 * How gradients are kept.
 * - residual: squared loss without weights. The gradient is a 32-bit fixed-point number that lives across
 *   trees; a leaf's value, rounded to the same grid, is added to it.
 * - constant: hessian 1. The gradient, 32-bit fixed point, is computed anew for every tree.
 * - full: a 16-bit gradient and a 16-bit hessian, rounded at random without bias, anew for every tree.
 */
export type GradientMode = "residual" | "constant" | "full"

/** A feature that can split: constant features are not in the plan. */
export interface PlannedFeature {
  /** Index in the model's features. */
  readonly index: number
  readonly kind: "numeric" | "categorical"
  /** Value bins; the code `bins` means missing. */
  readonly bins: number
  /** First of its bins + 1 histogram entries. */
  readonly firstEntry: number
  readonly monotone: number
  /** The bin of row r is the byte at pointer + r * stride. */
  readonly pointer: number
  readonly stride: number
}

/**
 * Features [first, first + count) packed row by row: `count` bytes of bins, padding, then the row's
 * gradient in the last four bytes, so that one gather brings all that a histogram update needs.
 */
export interface RowGroup {
  readonly pointer: number
  readonly stride: number
  readonly first: number
  readonly count: number
}

/** Everything a thread must know, as plain data: sizes, parameters and byte pointers into one shared buffer. */
export interface Plan {
  readonly rows: number
  readonly validationRows: number
  readonly threads: number
  readonly mode: GradientMode
  readonly weighted: boolean
  readonly parameters: BoostingParameters
  readonly seed: number
  /** Largest weight; 1 without weights. */
  readonly maxWeight: number
  /** Fixed-point units per unit of the target (residual mode). */
  readonly residualScale: number
  readonly features: readonly PlannedFeature[]
  readonly groups: readonly RowGroup[]
  /** Histogram entries of all features, and bytes of one: gradient and count (8), and hessian (16). */
  readonly entries: number
  readonly entryBytes: 8 | 16
  /** Low bits of a histogram entry that hold the row count; the gradient has the others. */
  readonly countBits: number
  readonly bytes: number
  readonly control: number
  /** Row numbers: all rows of each thread, then two buffers between which partitioning moves them. */
  readonly lists: readonly [number, number, number]
  /** 64-bit floats, or 32-bit ones for the zeros and ones of logistic loss. */
  readonly targets: number
  readonly scores: number
  readonly weights: number
  /** leaves + 1 histograms, then one partial histogram a thread. */
  readonly histograms: number
  readonly partials: number
  /** One record a thread and child for the best split found. */
  readonly records: number
  /** One block of numbers a thread for reductions whose order does not matter (maxima). */
  readonly maxima: number
  /** The leaf (16 bits) each row ended in, and each thread's copy of what leaves add. */
  readonly leafIds: number
  readonly steps: number
  /** See logistic.ts. */
  readonly probabilities: number
  /** Where each thread's rows of each leaf lie in its list, and the values of leaves that need all rows. */
  readonly leafRanges: number
  readonly leafValues: number
  readonly scratch: number
  readonly scratchBytes: number
  /** Validation rows: bins of each row (one byte a planned feature), target, score, weight, loss by block. */
  readonly validationBins: number
  readonly validationTargets: number
  readonly validationScores: number
  readonly validationWeights: number
  readonly blockLosses: number
}

/** Rows are dealt to threads in blocks, round robin, so that sorted data loads them evenly. */
export const blockRows = 4096

export const recordNumbers = 24

/** A bin set of a categorical split: 256 bits. */
export const setWordsOfBins = 8

/** Rows a plain TypeScript histogram adds up before it empties its floating-point sums (see histogram.ts). */
export const histogramBatch = 8192

interface PlanRequest {
  rows: number
  validationRows: number
  threads: number
  weighted: boolean
  parameters: BoostingParameters
  seed: number
  maxWeight: number
  residualScale: number
  bins: readonly FeatureBins[]
  hasMissing: readonly boolean[]
  monotone: readonly number[]
}

export const createPlan = (request: PlanRequest): Plan => {
  const { rows, validationRows, threads, weighted, parameters, bins, hasMissing } = request
  if (rows > 2 ** 28)
    throw new RoadmapError("LIMIT_EXCEEDED", `Boosting takes at most ${2 ** 28} rows; there are ${rows}.`)
  const usable = bins
    .map((_, index) => index)
    .filter(index => binCount(bins[index]) + (hasMissing[index] ? 1 : 0) > 1)
  const mode = gradientMode(parameters, weighted)
  const entryBytes = mode === "full" ? 16 : 8

  let bytes = 0
  const take = (size: number): number => {
    const pointer = bytes
    bytes += Math.ceil(size / 64) * 64
    return pointer
  }
  take(512) // the compaction table of the WebAssembly kernels
  const control = take(1024)
  const groups: RowGroup[] = []
  for (let first = 0; first < usable.length; ) {
    const left = usable.length - first
    const stride = left <= 12 ? 16 : left <= 28 ? 32 : 64
    const count = Math.min(left, stride - 4)
    groups.push({ pointer: take(rows * stride + 64), stride, first, count })
    first += count
  }
  // A column copy makes the partition read one byte a row in place of one cache line; wide data cannot
  // afford the memory and does not need it, since histograms dominate there.
  const columns = usable.length <= 28 ? take(rows * usable.length + 64) : -1
  let entries = 0
  const features = usable.map((index, position): PlannedFeature => {
    const group = groups.find(({ first, count }) => position >= first && position < first + count)!
    const firstEntry = entries
    entries += binCount(bins[index]) + 1
    return {
      index,
      kind: bins[index].kind,
      bins: binCount(bins[index]),
      firstEntry,
      monotone: request.monotone[index],
      pointer: columns >= 0 ? columns + position * rows : group.pointer + (position - group.first),
      stride: columns >= 0 ? 1 : group.stride,
    }
  })
  const keepsScores = mode !== "residual"
  const scratchBytes = 16_384 + Math.ceil(usable.length / 16) * 64
  const plan: Plan = {
    rows,
    validationRows,
    threads,
    mode,
    weighted,
    parameters,
    seed: request.seed,
    maxWeight: request.maxWeight,
    residualScale: request.residualScale,
    features,
    groups,
    entries,
    entryBytes,
    countBits: Math.max(14, 32 - Math.clz32(rows)),
    control,
    lists: [take(rows * 4 + 64), take(rows * 4 + 64), take(rows * 4 + 64)],
    targets: keepsScores ? take(rows * (parameters.loss === "logistic" ? 4 : 8)) : -1,
    scores: keepsScores ? take(rows * 8) : -1,
    weights: keepsScores && weighted ? take(rows * 8) : -1,
    histograms: take((parameters.leaves + 1) * entries * entryBytes),
    partials: threads > 1 ? take(threads * entries * entryBytes) : -1,
    records: take(threads * 2 * recordNumbers * 8),
    maxima: take(threads * 64),
    leafIds: take(rows * 2),
    steps: take(threads * parameters.leaves * 8),
    probabilities: parameters.loss === "logistic" ? take((tableCells + 1) * 8) : -1,
    leafRanges: take(threads * parameters.leaves * 8),
    leafValues: take(parameters.leaves * 8),
    scratch: take(threads * scratchBytes),
    scratchBytes,
    validationBins: take(validationRows * usable.length),
    validationTargets: take(validationRows * 8),
    validationScores: take(validationRows * 8),
    validationWeights: take(validationRows * 8),
    blockLosses: take(Math.ceil(validationRows / blockRows) * 16),
    bytes: 0,
  }
  return { ...plan, bytes }
}

const gradientMode = ({ loss }: BoostingParameters, weighted: boolean): GradientMode => {
  if (weighted || loss === "logistic" || loss === "poisson") return "full"
  return loss === "squared" ? "residual" : "constant"
}

/** Row ranges of a thread: [first, last) pairs of its blocks. */
export const ownBlocks = (rows: number, thread: number, threads: number): [number, number][] => {
  const ranges: [number, number][] = []
  for (let first = thread * blockRows; first < rows; first += threads * blockRows)
    ranges.push([first, Math.min(rows, first + blockRows)])
  return ranges
}

/** Where the thread's part of each row list begins: the rows of the threads before it. */
export const listStart = (rows: number, thread: number, threads: number): number => {
  let start = 0
  for (let other = 0; other < thread; other++)
    for (const [first, last] of ownBlocks(rows, other, threads)) start += last - first
  return start
}
