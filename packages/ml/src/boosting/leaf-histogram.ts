import { scanCategories } from "./categories.ts"
import type { Crew } from "./crew.ts"
import type { Kernels } from "./kernels.ts"
import { histogramBatch, recordNumbers } from "./plan.ts"
import {
  bestRecord,
  type LeafSums,
  noSplit,
  type ScanContext,
  type Split,
  scanNumeric,
  scoreOfLeaf,
  writeRecord,
} from "./split.ts"
import { histogramAt, type Workspace } from "./workspace.ts"

/**
 * Leaf histograms of a crew. Each thread adds up its own rows; then each feature is reduced, subtracted and
 * scanned by one thread, so nothing is merged twice and no two threads write the same entry.
 */
export interface LeafHistograms {
  readonly workspace: Workspace
  readonly crew: Crew
  readonly context: ScanContext
  readonly kernels: Kernels
  readonly ownFeatures: readonly number[]
  /** 1 for the features drawn for this tree. */
  readonly active: Uint8Array
}

export const createLeafHistograms = (
  workspace: Workspace,
  crew: Crew,
  kernels: Kernels,
  context: ScanContext,
): LeafHistograms => {
  const { plan } = workspace
  return {
    workspace,
    crew,
    context,
    kernels,
    ownFeatures: plan.features.map((_, i) => i).filter(i => i % crew.threads === crew.thread),
    active: new Uint8Array(plan.features.length).fill(1),
  }
}

/** Rows [begin, end) of a list into the histogram of `slot`; own features are complete when it returns. */
export function* fillSlot(
  own: LeafHistograms,
  slot: number,
  begin: number,
  end: number,
): Generator<void, void> {
  clearSlot(own, slot)
  // About 50 ms of work between yields.
  const piece = histogramBatch * Math.max(1, Math.floor(2_000 / own.workspace.plan.features.length))
  for (let from = begin; from < end; from += piece) {
    addToSlot(own, slot, from, Math.min(end, from + piece), -1)
    yield
  }
  reduceSlot(own, slot)
}

/** fillSlot in three steps: begin, add some rows as often as needed, and put the threads' parts together. */
export const clearSlot = (own: LeafHistograms, slot: number): void => {
  const { i32, plan } = own.workspace
  const target = ownTarget(own, slot)
  i32.fill(0, target, target + (plan.entries * plan.entryBytes) / 4)
}

/** `firstRow` >= 0 says that the list's rows there are consecutive from that row on. */
export const addToSlot = (
  own: LeafHistograms,
  slot: number,
  begin: number,
  end: number,
  firstRow: number,
): void => own.kernels.addRows(begin, end, ownTarget(own, slot), firstRow)

export const reduceSlot = ({ workspace, crew, kernels, ownFeatures }: LeafHistograms, slot: number): void => {
  if (crew.threads === 1) return
  crew.barrier()
  for (const feature of ownFeatures) {
    const [at, count] = featureSpan(workspace, slot, feature)
    workspace.i32.copyWithin(at, ...partialSpan(workspace, 0, feature))
    for (let thread = 1; thread < crew.threads; thread++)
      kernels.addHistogram(at, partialSpan(workspace, thread, feature)[0], count)
  }
}

/** Alone a thread adds to the slot itself, in a crew to a partial histogram of its own. */
const ownTarget = ({ workspace, crew }: LeafHistograms, slot: number): number =>
  crew.threads === 1 ? histogramAt(workspace, slot) : partialAt(workspace, crew.thread)

/** Own features of slot `parent` become parent minus child: the other child. */
export const subtractSlot = (
  { workspace, kernels, ownFeatures }: LeafHistograms,
  parent: number,
  child: number,
): void => {
  for (const feature of ownFeatures) {
    const [at, count] = featureSpan(workspace, parent, feature)
    kernels.subtractHistogram(at, featureSpan(workspace, child, feature)[0], count)
  }
}

/** Own features of slot `target` become the sum of the leaves' histograms after their values were added. */
export const sumShiftedSlots = (
  { workspace, kernels, ownFeatures }: LeafHistograms,
  target: number,
  leaves: readonly { slot: number; value: number }[],
): void => {
  const { i32 } = workspace
  for (const feature of ownFeatures) {
    const [at, count] = featureSpan(workspace, target, feature)
    i32.fill(0, at, at + count * 2)
    for (const { slot, value } of leaves)
      kernels.addShiftedHistogram(at, featureSpan(workspace, slot, feature)[0], count, value)
  }
}

/** Sums over all rows of a slot, read from its first feature. */
export const slotSums = ({ workspace, context }: LeafHistograms, slot: number): LeafSums => {
  const { i32, plan } = workspace
  // Poisson scores are logarithms: a leaf of almost only zeros must not send them out of range.
  const most = plan.parameters.loss === "poisson" ? 15 : Infinity
  const sums = { gradient: 0, hessian: 0, rows: 0, lower: -most, upper: most }
  const [start] = featureSpan(workspace, slot, 0)
  for (let bin = 0; bin <= plan.features[0].bins; bin++) {
    const at = start + bin * context.step
    sums.rows += i32[at] & context.countMask
    sums.gradient += i32[at + 1] * context.highUnit + (i32[at] >>> context.countBits)
    if (context.full) sums.hessian += i32[at + 3] * 0x1_0000_0000 + (i32[at + 2] >>> 0)
  }
  if (!context.full) sums.hessian = sums.rows
  return sums
}

/** Finds the best split among own features and leaves it in this thread's record for `child` (0 or 1). */
export const scanSlot = (own: LeafHistograms, slot: number, sums: LeafSums, child: number): void => {
  const { workspace, context, crew } = own
  const { i32, f64, plan } = workspace
  const best = noSplit()
  // Equal gradients give gains of rounding size: those are no splits.
  best.gain = Math.max(plan.parameters.minGain, 1e-12 * Math.abs(scoreOfLeaf(context, sums)))
  for (const position of own.ownFeatures) {
    if (own.active[position] === 0) continue
    const feature = plan.features[position]
    const [at] = featureSpan(workspace, slot, position)
    const scan = feature.kind === "numeric" ? scanNumeric : scanCategories
    scan(i32, at, position, feature, sums, context, best)
  }
  writeRecord(f64, recordAt(own, crew.thread, child), best)
}

/** The best split of all threads. A barrier must lie between scanSlot and this. */
export const readSplit = (own: LeafHistograms, child: number): Split =>
  bestRecord(own.workspace.f64, recordAt(own, 0, 0), own.crew.threads, child)

const recordAt = ({ workspace }: LeafHistograms, thread: number, child: number): number =>
  workspace.plan.records / 8 + (thread * 2 + child) * recordNumbers

/** i32 index of a feature's first entry in a slot, and its number of 64-bit integers. */
const featureSpan = (workspace: Workspace, slot: number, feature: number): [number, number] => {
  const { firstEntry, bins } = workspace.plan.features[feature]
  const words = workspace.plan.entryBytes / 4
  return [histogramAt(workspace, slot) + firstEntry * words, ((bins + 1) * words) / 2]
}

const partialAt = ({ plan }: Workspace, thread: number): number =>
  (plan.partials + thread * plan.entries * plan.entryBytes) / 4

const partialSpan = (workspace: Workspace, thread: number, feature: number): [number, number] => {
  const { firstEntry, bins } = workspace.plan.features[feature]
  const words = workspace.plan.entryBytes / 4
  const at = partialAt(workspace, thread) + firstEntry * words
  return [at, at + (bins + 1) * words]
}
