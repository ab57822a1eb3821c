import type { Crew } from "./crew.ts"
import { leafOfRow } from "./descend.ts"
import type { TreeNode } from "./grow.ts"
import { lossFunction } from "./loss.ts"
import { blockRows, ownBlocks } from "./plan.ts"
import type { Workspace } from "./workspace.ts"

export interface Validator {
  /** Adds a tree to the validation scores and returns their weighted mean loss; undefined without rows. */
  addTree(nodes: readonly TreeNode[]): Generator<void, number | undefined>
}

/** Losses are summed by block and the blocks in order, so the mean is the same for any number of threads. */
export const createValidator = ({ plan, u8, f64 }: Workspace, crew: Crew): Validator => {
  const rows = plan.validationRows
  const features = plan.features.map(({ bins }, position) => ({
    bins,
    pointer: plan.validationBins + position,
    stride: plan.features.length,
  }))
  const lossOf = lossFunction(plan.parameters)
  const scores = plan.validationScores / 8
  const targets = plan.validationTargets / 8
  const weights = plan.validationWeights / 8
  const sums = plan.blockLosses / 8
  return {
    *addTree(nodes) {
      if (rows === 0) return undefined
      for (const [first, last] of ownBlocks(rows, crew.thread, crew.threads)) {
        let loss = 0
        let weight = 0
        for (let row = first; row < last; row++) {
          f64[scores + row] += nodes[leafOfRow(nodes, features, u8, row)].value
          loss += f64[weights + row] * lossOf(f64[scores + row], f64[targets + row])
          weight += f64[weights + row]
        }
        f64[sums + (first / blockRows) * 2] = loss
        f64[sums + (first / blockRows) * 2 + 1] = weight
        yield
      }
      crew.barrier()
      let loss = 0
      let weight = 0
      for (let block = 0; block < Math.ceil(rows / blockRows); block++) {
        loss += f64[sums + block * 2]
        weight += f64[sums + block * 2 + 1]
      }
      return loss / weight
    },
  }
}
