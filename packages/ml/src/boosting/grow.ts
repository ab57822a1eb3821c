import type { Crew } from "./crew.ts"
import type { Kernels } from "./kernels.ts"
import {
  createLeafHistograms,
  fillSlot,
  type LeafHistograms,
  readSplit,
  reduceSlot,
  scanSlot,
  slotSums,
  subtractSlot,
} from "./leaf-histogram.ts"
import type { Direction } from "./partition.ts"
import type { PlannedFeature } from "./plan.ts"
import type { DrawnRows } from "./sampling.ts"
import {
  createScanContext,
  type LeafSums,
  leafValue,
  noSplit,
  type ScanContext,
  type Split,
} from "./split.ts"
import type { Workspace } from "./workspace.ts"

/** A node in terms of bins, in the order the nodes of a tree were made: the root is first. */
export interface TreeNode {
  /** Index in plan.features; -1 at a leaf. */
  feature: number
  bin: number
  missingLeft: number
  /** Bins that go left at a categorical node. */
  set: Uint32Array | undefined
  left: number
  right: number
  /** Best score for the node's rows, before shrinkage. */
  value: number
  gain: number
  rows: number
}

/** A leaf while its tree grows. Its rows of this thread are lists[buffer][begin, end). */
export interface Leaf {
  node: number
  depth: number
  slot: number
  sums: LeafSums
  split: Split
  buffer: number
  begin: number
  end: number
}

export interface GrownTree {
  nodes: TreeNode[]
  leaves: Leaf[]
}

export interface Grower {
  readonly workspace: Workspace
  readonly crew: Crew
  readonly kernels: Kernels
  readonly context: ScanContext
  readonly histograms: LeafHistograms
}

export const createGrower = (workspace: Workspace, crew: Crew, kernels: Kernels): Grower => {
  const context = createScanContext(workspace.plan)
  const histograms = createLeafHistograms(workspace, crew, kernels, context)
  return { workspace, crew, kernels, context, histograms }
}

export interface GrowOptions {
  /** Rows of this thread. */
  rows: DrawnRows
  rootSlot: number
  /** A slot to leave alone. */
  spareSlot: number
  /** The root's histogram: to be filled from the rows, added up by each thread already, or complete. */
  root: "empty" | "added" | "complete"
  /** Leave every leaf's histogram complete. */
  keepHistograms: boolean
}

/**
 * Grows a tree, best split first. Of two children the one with fewer rows is added up and the other is the
 * parent minus it. Yields between pieces of work, so that a caller on the main thread can breathe.
 */
export function* growTree(grower: Grower, options: GrowOptions): Generator<void, GrownTree> {
  const { workspace, crew, histograms } = grower
  const { plan } = workspace
  const { leaves: mostLeaves, maxDepth, minRowsPerLeaf } = plan.parameters
  const freeSlots: number[] = []
  for (let slot = mostLeaves; slot >= 0; slot--)
    if (slot !== options.rootSlot && slot !== options.spareSlot) freeSlots.push(slot)
  const canSplit = ({ sums, depth }: Leaf) =>
    sums.rows >= 2 * minRowsPerLeaf && (maxDepth === 0 || depth < maxDepth)

  const { begin, middle: end } = options.rows
  if (options.root === "empty") yield* fillSlot(histograms, options.rootSlot, begin, end)
  if (options.root === "added") reduceSlot(histograms, options.rootSlot)
  crew.barrier()
  const sums = slotSums(histograms, options.rootSlot)
  const root: Leaf = {
    node: 0,
    depth: 0,
    slot: options.rootSlot,
    sums,
    split: noSplit(),
    buffer: 0,
    begin,
    end,
  }
  const nodes = [leafNode(grower, sums)]
  const leaves = [root]
  if (canSplit(root)) {
    scanSlot(histograms, root.slot, root.sums, 0)
    crew.barrier()
    root.split = readSplit(histograms, 0)
  }

  while (leaves.length < mostLeaves) {
    const index = bestLeaf(leaves)
    if (index < 0) break
    const parent = leaves[index]
    const [left, right] = splitLeaf(grower, parent, nodes)
    leaves[index] = left
    leaves.push(right)
    yield
    const scanLeft = leaves.length < mostLeaves && canSplit(left)
    const scanRight = leaves.length < mostLeaves && canSplit(right)
    if (!options.keepHistograms && !scanLeft && !scanRight) continue
    const [small, large] = left.sums.rows <= right.sums.rows ? [left, right] : [right, left]
    small.slot = freeSlots.pop()!
    large.slot = parent.slot
    yield* fillSlot(histograms, small.slot, small.begin, small.end)
    subtractSlot(histograms, large.slot, small.slot)
    if (scanLeft) scanSlot(histograms, left.slot, left.sums, 0)
    if (scanRight) scanSlot(histograms, right.slot, right.sums, 1)
    crew.barrier()
    if (scanLeft) left.split = readSplit(histograms, 0)
    if (scanRight) right.split = readSplit(histograms, 1)
  }
  return { nodes, leaves }
}

const bestLeaf = (leaves: readonly Leaf[]): number => {
  let best = -1
  for (let i = 0; i < leaves.length; i++)
    if (leaves[i].split.feature >= 0 && (best < 0 || leaves[i].split.gain > leaves[best].split.gain)) best = i
  return best
}

/** Partitions the leaf's rows, makes its node an inner one and returns the two new leaves. */
const splitLeaf = (grower: Grower, parent: Leaf, nodes: TreeNode[]): [Leaf, Leaf] => {
  const { plan } = grower.workspace
  const { split } = parent
  const feature = plan.features[split.feature]
  const set = feature.kind === "categorical" ? split.set : undefined
  const { bin, missingLeft } = split
  const { buffer, begin, middle, end } = partitionList(grower, parent, feature, { bin, missingLeft, set })

  const [leftSums, rightSums] = childSums(grower, parent, feature)
  const node = nodes[parent.node]
  node.feature = split.feature
  node.bin = bin
  node.missingLeft = missingLeft
  node.set = set
  node.gain = split.gain
  node.left = nodes.push(leafNode(grower, leftSums)) - 1
  node.right = nodes.push(leafNode(grower, rightSums)) - 1
  const child = { depth: parent.depth + 1, slot: -1, buffer }
  return [
    { ...child, node: node.left, sums: leftSums, split: noSplit(), begin, end: middle },
    { ...child, node: node.right, sums: rightSums, split: noSplit(), begin: middle, end },
  ]
}

/** Rows of this thread: lists[buffer][begin, end). */
export interface RowList {
  readonly buffer: number
  readonly begin: number
  readonly end: number
}

/** Writes the list to the same range of another buffer, rows that go left first; right begins at `middle`. */
export const partitionList = (
  { workspace: { plan }, kernels }: Grower,
  { buffer: from, begin: source, end }: RowList,
  feature: PlannedFeature,
  direction: Direction,
): RowList & { readonly middle: number } => {
  const buffer = from === 1 ? 2 : 1
  const begin = source + (plan.lists[buffer] - plan.lists[from]) / 4
  const count = end - source
  const middle = kernels.partition(source, begin, count, feature, direction)
  return { buffer, begin, middle, end: begin + count }
}

/** A monotone split bounds the values of everything below it by the middle of its children's values. */
const childSums = (grower: Grower, { sums, split }: Leaf, feature: PlannedFeature): [LeafSums, LeafSums] => {
  const left = { ...sums, gradient: split.leftGradient, hessian: split.leftHessian, rows: split.leftRows }
  const right = {
    ...sums,
    gradient: sums.gradient - split.leftGradient,
    hessian: sums.hessian - split.leftHessian,
    rows: sums.rows - split.leftRows,
  }
  if (feature.monotone === 0) return [left, right]
  const middle = (bestValue(grower, left) + bestValue(grower, right)) / 2
  if (feature.monotone > 0)
    return [
      { ...left, upper: middle },
      { ...right, lower: middle },
    ]
  return [
    { ...left, lower: middle },
    { ...right, upper: middle },
  ]
}

const bestValue = ({ context }: Grower, { gradient, hessian, lower, upper }: LeafSums): number => {
  const { l1, l2 } = context.parameters
  return leafValue(gradient * context.gradientUnit, hessian * context.hessianUnit, l1, l2, lower, upper)
}

const leafNode = (grower: Grower, sums: LeafSums): TreeNode => ({
  feature: -1,
  bin: -1,
  missingLeft: 0,
  set: undefined,
  left: -1,
  right: -1,
  value: bestValue(grower, sums),
  gain: 0,
  rows: sums.rows,
})
