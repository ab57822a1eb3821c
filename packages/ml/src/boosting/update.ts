import { type Grower, type GrownTree, partitionList, type RowList } from "./grow.ts"
import { weightedQuantile } from "./loss.ts"
import type { DrawnRows } from "./sampling.ts"

/**
 * Notes each row's leaf and what the leaves add; the pass that computes the next gradients adds it. Rows the
 * tree was not grown on are in no leaf's list: they are partitioned by its splits now (measured: three times
 * as fast as walking down the tree row by row).
 */
export function* noteSteps(
  grower: Grower,
  { nodes, leaves }: GrownTree,
  steps: Float64Array,
  { middle, end }: DrawnRows,
): Generator<void, void> {
  const { crew, kernels } = grower
  const { plan, f64 } = grower.workspace
  f64.set(steps, plan.steps / 8 + crew.thread * plan.parameters.leaves)
  leaves.forEach((leaf, id) => {
    kernels.markRows(leaf.begin, leaf.end, id)
  })
  yield
  const idOfNode = new Map(leaves.map(({ node }, id) => [node, id]))
  const waiting: (RowList & { node: number })[] = [{ node: 0, buffer: 0, begin: middle, end }]
  for (let list = waiting.pop(); list !== undefined; list = waiting.pop()) {
    if (list.begin === list.end) continue
    const node = nodes[list.node]
    if (node.feature < 0) {
      kernels.markRows(list.begin, list.end, idOfNode.get(list.node)!)
      continue
    }
    const parts = partitionList(grower, list, plan.features[node.feature], node)
    waiting.push({ ...parts, node: node.left, end: parts.middle })
    waiting.push({ ...parts, node: node.right, begin: parts.middle })
    yield
  }
}

/**
 * Absolute and quantile loss: the gradient is only a sign, so a leaf's value is the quantile of its rows'
 * residuals instead (Friedman, 2001, algorithm 3). Each leaf is worked out by one thread from all threads'
 * rows; a quantile does not depend on their order.
 */
export const renewLeafValues = (grower: Grower, grown: GrownTree): void => {
  const { workspace, crew } = grower
  const { plan, i32, f64, u32 } = workspace
  const { loss, quantile } = plan.parameters
  if (loss !== "absolute" && loss !== "quantile") return
  const share = loss === "absolute" ? 0.5 : quantile
  const ranges = plan.leafRanges / 4
  const rangeOf = (thread: number, leaf: number) => ranges + (thread * plan.parameters.leaves + leaf) * 2
  grown.leaves.forEach(({ begin, end }, leaf) => {
    i32[rangeOf(crew.thread, leaf)] = begin
    i32[rangeOf(crew.thread, leaf) + 1] = end
  })
  crew.barrier()
  for (let leaf = crew.thread; leaf < grown.leaves.length; leaf += crew.threads) {
    const rows = grown.leaves[leaf].sums.rows
    const residuals = new Float64Array(rows)
    const weights = plan.weighted ? new Float64Array(rows) : undefined
    let count = 0
    for (let thread = 0; thread < crew.threads; thread++) {
      for (let i = u32[rangeOf(thread, leaf)]; i < u32[rangeOf(thread, leaf) + 1]; i++, count++) {
        const row = u32[i]
        residuals[count] = f64[plan.targets / 8 + row] - f64[plan.scores / 8 + row]
        if (weights) weights[count] = f64[plan.weights / 8 + row]
      }
    }
    f64[plan.leafValues / 8 + leaf] = weightedQuantile(residuals, weights, share)
  }
  crew.barrier()
  grown.leaves.forEach(({ node }, leaf) => {
    grown.nodes[node].value = f64[plan.leafValues / 8 + leaf]
  })
  if (grower.context.constrained) orderRenewedValues(grower, grown, 0)
}

/** Renewed values may break a monotone split: both sides are cut at the middle of their means. */
const orderRenewedValues = (grower: Grower, grown: GrownTree, index: number): number[] => {
  const { nodes } = grown
  const node = nodes[index]
  if (node.feature < 0) return [index]
  const left = orderRenewedValues(grower, grown, node.left)
  const right = orderRenewedValues(grower, grown, node.right)
  const direction = grower.workspace.plan.features[node.feature].monotone
  if (direction === 0) return [...left, ...right]
  const mean = (leaves: number[]) => {
    const rows = leaves.reduce((sum, leaf) => sum + nodes[leaf].rows, 0)
    return leaves.reduce((sum, leaf) => sum + (nodes[leaf].value * nodes[leaf].rows) / rows, 0)
  }
  const middle = (mean(left) + mean(right)) / 2
  const low = direction > 0 ? left : right
  const high = direction > 0 ? right : left
  for (const leaf of low) nodes[leaf].value = Math.min(nodes[leaf].value, middle)
  for (const leaf of high) nodes[leaf].value = Math.max(nodes[leaf].value, middle)
  return [...left, ...right]
}
