import type { Crew } from "./crew.ts"
import { listStart, ownBlocks } from "./plan.ts"
import { mix, type Workspace } from "./workspace.ts"

export interface Sampler {
  /** Puts this thread's rows for the tree at the start of its first list; returns how many. */
  drawRows(tree: number): number
  /** Tells of every row whether the tree saw it; undefined when all rows are seen. */
  isSampled(tree: number): ((row: number) => boolean) | undefined
  drawFeatures(tree: number, active: Uint8Array): void
}

/** Each row is drawn on its own (Bernoulli), by a hash of seed, tree and row: the same on any thread. */
export const createSampler = ({ plan, u32 }: Workspace, { thread, threads }: Crew): Sampler => {
  const { rowFraction, columnFraction } = plan.parameters
  const limit = rowFraction * 2 ** 32
  const start = plan.lists[0] / 4 + listStart(plan.rows, thread, threads)
  const isSampled = (tree: number) => {
    if (rowFraction === 1) return undefined
    const seed = mix(plan.seed ^ 0x5bd1e995, tree)
    return (row: number) => mix(seed, row) < limit
  }
  const drawFeatures = (tree: number, active: Uint8Array): void => {
    if (columnFraction === 1) return
    const seed = mix(plan.seed ^ 0x27d4eb2f, tree)
    const order = plan.features.map(({ index }) => index).sort((a, b) => mix(seed, a) - mix(seed, b) || a - b)
    const drawn = new Set(order.slice(0, Math.max(1, Math.round(columnFraction * order.length))))
    for (let i = 0; i < active.length; i++) active[i] = drawn.has(plan.features[i].index) ? 1 : 0
  }
  let listed = 0
  return {
    isSampled,
    drawFeatures,
    drawRows(tree) {
      // Without sampling the first list never changes: partitioning reads it and writes the other two.
      if (rowFraction === 1 && listed > 0) return listed
      const seen = isSampled(tree)
      let at = start
      for (const [first, last] of ownBlocks(plan.rows, thread, threads))
        for (let row = first; row < last; row++) if (!seen || seen(row)) u32[at++] = row
      return (listed = at - start)
    },
  }
}
