import type { Crew } from "./crew.ts"
import { listStart, ownBlocks } from "./plan.ts"
import { mix, type Workspace } from "./workspace.ts"

/** This thread's first list: rows [begin, middle) are those the tree sees, [middle, end) those it does not. */
export interface DrawnRows {
  readonly begin: number
  readonly middle: number
  readonly end: number
}

export interface Sampler {
  /** Puts this thread's rows for the tree into its first list. Positions are indices of 4-byte elements. */
  drawRows(tree: number): DrawnRows
  drawFeatures(tree: number, active: Uint8Array): void
}

/** Each row is drawn on its own (Bernoulli), by a hash of seed, tree and row: the same on any thread. */
export const createSampler = ({ plan, u32 }: Workspace, { thread, threads }: Crew): Sampler => {
  const { rowFraction, columnFraction } = plan.parameters
  const limit = rowFraction * 2 ** 32
  const blocks = ownBlocks(plan.rows, thread, threads)
  const begin = plan.lists[0] / 4 + listStart(plan.rows, thread, threads)
  const end = begin + blocks.reduce((rows, [first, last]) => rows + last - first, 0)
  const drawFeatures = (tree: number, active: Uint8Array): void => {
    if (columnFraction === 1) return
    const seed = mix(plan.seed ^ 0x27d4eb2f, tree)
    const order = plan.features.map(({ index }) => index).sort((a, b) => mix(seed, a) - mix(seed, b) || a - b)
    const drawn = new Set(order.slice(0, Math.max(1, Math.round(columnFraction * order.length))))
    for (let i = 0; i < active.length; i++) active[i] = drawn.has(plan.features[i].index) ? 1 : 0
  }
  let isListed = false
  return {
    drawFeatures,
    drawRows(tree) {
      // Without sampling the first list never changes: partitioning reads it and writes the other two.
      if (rowFraction === 1 && isListed) return { begin, middle: end, end }
      isListed = true
      const seed = mix(plan.seed ^ 0x5bd1e995, tree)
      let front = begin
      let back = end - 1
      for (const [first, last] of blocks) {
        for (let row = first; row < last; row++) {
          // Both places are written every time, so that there is no branch to mispredict.
          const seen = mix(seed, row) < limit ? 1 : 0
          u32[front] = row
          u32[back] = row
          front += seen
          back -= 1 - seen
        }
      }
      return { begin, middle: front, end }
    },
  }
}
