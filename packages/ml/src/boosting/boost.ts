import type { Crew } from "./crew.ts"
import { createGradientWriter, writeGradients } from "./gradients.ts"
import { createGrower, type Grower, type GrownTree, growTree, type TreeNode } from "./grow.ts"
import type { Kernels } from "./kernels.ts"
import { addToSlot, clearSlot, sumShiftedSlots } from "./leaf-histogram.ts"
import { createSampler } from "./sampling.ts"
import { noteSteps, renewLeafValues } from "./update.ts"
import { createValidator } from "./validate.ts"
import type { Workspace } from "./workspace.ts"

/** A finished tree, with shrinkage in its values. */
export interface FinishedTree {
  readonly nodes: readonly TreeNode[]
  /** Mean loss on the validation rows with this tree; undefined without validation rows. */
  readonly validationLoss: number | undefined
}

/**
 * The boosting loop, run by every thread of a crew over the same memory. Thread 0 emits the trees. All
 * threads take the same decisions from the same numbers, so none of them has to be told what to do.
 */
export function* boost(
  workspace: Workspace,
  crew: Crew,
  kernels: Kernels,
  emit: (tree: FinishedTree) => void,
): Generator<void, void> {
  const { plan } = workspace
  const { parameters } = plan
  const grower = createGrower(workspace, crew, kernels)
  const gradients = createGradientWriter(workspace, crew, kernels)
  const sampler = createSampler(workspace, crew)
  const validator = createValidator(workspace, crew)
  const samples = parameters.rowFraction < 1 || parameters.columnFraction < 1
  // The next root histogram follows from the leaves' when gradients move by leaf values alone.
  const carriesRoot = plan.mode === "residual" && parameters.rowFraction === 1
  let rootSlot = 0
  let spareSlot = parameters.leaves
  let bestLoss = Infinity
  let bestTree = 0

  for (let tree = 0; tree < parameters.trees; tree++) {
    const drawn = sampler.drawRows(tree)
    sampler.drawFeatures(tree, grower.histograms.active)
    const rootComplete = carriesRoot && tree > 0
    // Without row sampling the root's rows are all rows: each block is added while it is still in the cache.
    const addsBlocks = !rootComplete && parameters.rowFraction === 1
    if (addsBlocks) clearSlot(grower.histograms, rootSlot)
    let listed = drawn.begin
    const addBlock = (first: number, last: number): void => {
      addToSlot(grower.histograms, rootSlot, listed, listed + last - first, first)
      listed += last - first
    }
    yield* writeGradients(gradients, grower.context, tree, tree > 0, addsBlocks ? addBlock : undefined)
    const grown = yield* growTree(grower, {
      rows: drawn,
      rootSlot,
      spareSlot,
      root: rootComplete ? "complete" : addsBlocks ? "added" : "empty",
      keepHistograms: carriesRoot && tree < parameters.trees - 1,
    })
    if (grown.leaves.length === 1 && !samples) break
    const steps = finishValues(grower, grown)
    yield* noteSteps(grower, grown, steps, drawn)
    if (carriesRoot && tree < parameters.trees - 1) {
      sumShiftedSlots(
        grower.histograms,
        spareSlot,
        grown.leaves.map(({ slot }, i) => ({ slot, value: steps[i] })),
      )
      ;[rootSlot, spareSlot] = [spareSlot, rootSlot]
    }
    const validationLoss = yield* validator.addTree(grown.nodes)
    if (crew.thread === 0) emit({ nodes: grown.nodes, validationLoss })
    if (validationLoss === undefined) continue
    if (validationLoss < bestLoss) {
      bestLoss = validationLoss
      bestTree = tree
    } else if (parameters.earlyStopping > 0 && tree - bestTree >= parameters.earlyStopping) break
  }
}

/** Shrinks the tree's values; returns what each leaf adds to its rows: a score, or in residual mode grid units. */
const finishValues = (grower: Grower, grown: GrownTree): Float64Array => {
  const { plan } = grower.workspace
  const { learningRate } = plan.parameters
  renewLeafValues(grower, grown)
  for (const node of grown.nodes) node.value *= learningRate
  const steps = new Float64Array(grown.leaves.length)
  grown.leaves.forEach(({ node }, i) => {
    const leaf = grown.nodes[node]
    if (plan.mode === "residual") {
      steps[i] = Math.round(leaf.value * plan.residualScale)
      leaf.value = steps[i] / plan.residualScale
    } else steps[i] = leaf.value
  })
  return steps
}
