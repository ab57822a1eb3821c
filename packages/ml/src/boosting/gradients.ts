import type { Crew } from "./crew.ts"
import type { Kernels } from "./kernels.ts"
import type { Rounding } from "./logistic.ts"
import { type GradientFunction, gradientBounds, gradientFunction } from "./loss.ts"
import { blockRows, ownBlocks } from "./plan.ts"
import type { ScanContext } from "./split.ts"
import { mix, type Workspace } from "./workspace.ts"

/** Writes the gradient (and hessian) of each of this thread's rows, as integers, into the row groups. */
export interface GradientWriter {
  readonly workspace: Workspace
  readonly crew: Crew
  readonly kernels: Kernels
  readonly compute: GradientFunction | undefined
  readonly blocks: readonly [number, number][]
  readonly gradients: Float64Array
  readonly hessians: Float64Array
}

export const createGradientWriter = (workspace: Workspace, crew: Crew, kernels: Kernels): GradientWriter => ({
  workspace,
  crew,
  kernels,
  compute: gradientFunction(workspace.plan.parameters),
  blocks: ownBlocks(workspace.plan.rows, crew.thread, crew.threads),
  gradients: new Float64Array(blockRows),
  hessians: new Float64Array(blockRows),
})

/**
 * Prepares the rows for a tree: adds the tree before (`hasSteps`: leaf ids and steps are in the buffer) and
 * computes gradients, in one pass over blocks; `afterBlock` is told of each. Sets the units of `context`. In residual mode the steps are the gradients.
 *
 * `full` mode rounds at random, without bias, with 15 bits where Shi et al. (NeurIPS 2022, arXiv 2207.09682)
 * find 2 to 5 enough; the random bits depend on seed, tree and row alone.
 */
export function* writeGradients(
  writer: GradientWriter,
  context: ScanContext,
  tree: number,
  hasSteps: boolean,
  afterBlock: (first: number, last: number) => void = () => {},
): Generator<void, void> {
  const { workspace, crew, kernels, blocks } = writer
  const { plan } = workspace
  const ownSteps = plan.steps / 8 + crew.thread * plan.parameters.leaves
  if (plan.mode === "residual") {
    context.gradientUnit = 1 / plan.residualScale
    for (const [first, last] of blocks) {
      if (hasSteps) kernels.addSteps(first, last, ownSteps)
      afterBlock(first, last)
      yield
    }
    return
  }
  const steps = hasSteps ? ownSteps : -1
  const bounds = yield* largestGradients(writer, steps)
  const stepsLeft = gradientBounds(plan.parameters) ? steps : -1
  const constantScale = Math.min(2 ** 16, 2 ** (60 - plan.countBits) / plan.rows) / bounds.gradient
  const rounding = roundingOf(bounds, mix(plan.seed, tree))
  context.gradientUnit = 1 / (plan.mode === "constant" ? constantScale : rounding.scale)
  if (plan.mode === "full") context.hessianUnit = 1 / rounding.hessianScale
  for (const [first, last] of blocks) {
    if (plan.parameters.loss === "logistic") kernels.writeLogistic(first, last, stepsLeft, rounding)
    else {
      computeBlock(writer, first, last, stepsLeft)
      if (plan.mode === "constant") writeConstant(writer, first, last, constantScale)
      else writeFull(writer, first, last, rounding)
    }
    for (const { pointer, stride } of plan.groups.slice(1))
      copyPayloads(workspace, first, last, pointer, stride)
    afterBlock(first, last)
    yield
  }
}

const roundingOf = (largest: { gradient: number; hessian: number }, seed: number): Rounding => {
  const exact = largest.hessian > 0 ? 65_535 / largest.hessian : 1
  return {
    scale: largest.gradient > 0 ? 32_767 / largest.gradient : 1,
    // A whole number of units keeps whole weights free of rounding.
    hessianScale: exact >= 1 ? Math.floor(exact) : exact,
    seed,
  }
}

/** Largest gradient and hessian of any row: known for most losses, else found by a pass that adds the steps. */
function* largestGradients(
  writer: GradientWriter,
  steps: number,
): Generator<void, { gradient: number; hessian: number }> {
  const { workspace, crew, gradients, hessians } = writer
  const { plan, f64 } = workspace
  const known = gradientBounds(plan.parameters)
  if (known) return { gradient: known.gradient * plan.maxWeight, hessian: known.hessian * plan.maxWeight }
  let gradient = 0
  let hessian = 0
  for (const [first, last] of writer.blocks) {
    computeBlock(writer, first, last, steps)
    for (let i = 0; i < last - first; i++) {
      gradient = Math.max(gradient, Math.abs(gradients[i]))
      hessian = Math.max(hessian, hessians[i])
    }
    yield
  }
  const at = plan.maxima / 8
  f64[at + crew.thread * 8] = gradient
  f64[at + crew.thread * 8 + 1] = hessian
  crew.barrier()
  for (let thread = 0; thread < crew.threads; thread++) {
    gradient = Math.max(gradient, f64[at + thread * 8])
    hessian = Math.max(hessian, f64[at + thread * 8 + 1])
  }
  return { gradient, hessian }
}

const computeBlock = (writer: GradientWriter, first: number, last: number, steps: number): void => {
  const { workspace, compute, gradients, hessians } = writer
  const { plan, f64, u16 } = workspace
  const scores = plan.scores / 8
  const ids = plan.leafIds / 2
  if (steps >= 0) for (let row = first; row < last; row++) f64[scores + row] += f64[steps + u16[ids + row]]
  compute!(f64, scores + first, plan.targets / 8 + first, last - first, gradients, hessians)
  if (!plan.weighted) return
  const weights = plan.weights / 8 + first
  for (let i = 0; i < last - first; i++) {
    gradients[i] *= f64[weights + i]
    hessians[i] *= f64[weights + i]
  }
}

const writeConstant = (writer: GradientWriter, first: number, last: number, scale: number): void => {
  const { i32, plan } = writer.workspace
  const { gradients } = writer
  const words = plan.groups[0].stride / 4
  let at = plan.groups[0].pointer / 4 + (first + 1) * words - 1
  for (let i = 0; i < last - first; i++, at += words) i32[at] = Math.round(gradients[i] * scale)
}

const writeFull = (writer: GradientWriter, first: number, last: number, rounding: Rounding): void => {
  const { i32, plan } = writer.workspace
  const { gradients, hessians } = writer
  const { scale, hessianScale, seed } = rounding
  const words = plan.groups[0].stride / 4
  let at = plan.groups[0].pointer / 4 + (first + 1) * words - 1
  for (let i = 0; i < last - first; i++, at += words) {
    const random = mix(seed, first + i)
    const gradient = Math.floor(gradients[i] * scale + (random & 0xffff) / 65_536)
    const hessian = Math.floor(hessians[i] * hessianScale + (random >>> 16) / 65_536)
    i32[at] = (gradient << 16) | Math.min(hessian, 65_535)
  }
}

/** Every group carries the gradients; they are computed in the first. */
const copyPayloads = (
  { i32, plan }: Workspace,
  first: number,
  last: number,
  pointer: number,
  stride: number,
): void => {
  const from = plan.groups[0].stride / 4
  const to = stride / 4
  let source = plan.groups[0].pointer / 4 + (first + 1) * from - 1
  let target = pointer / 4 + (first + 1) * to - 1
  for (let row = first; row < last; row++, source += from, target += to) i32[target] = i32[source]
}
