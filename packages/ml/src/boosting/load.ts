import type { Features } from "../features.ts"
import { createBinner, type FeatureBins } from "./binning.ts"
import { fillProbabilityTable } from "./logistic.ts"
import { baselineScore } from "./loss.ts"
import { blockRows } from "./plan.ts"
import type { BoostingBatch, Numbers } from "./survey.ts"
import type { Workspace } from "./workspace.ts"

/** Bins rows into the shared buffer, a block at a time, so that a batch is read once and never copied whole. */
export interface Loader {
  /** Training rows, in order. `scores` are those of an initial model. */
  add(batch: BoostingBatch, scores: Float64Array | undefined): void
  addValidation(batch: BoostingBatch, scores: Float64Array | undefined): void
  /** Call after all rows. Gives the baseline to every row, unless rows came with scores, and returns it. */
  finish(initialBaseline: number | undefined): number
}

/** `mean` is the mean of the targets: the baseline of unweighted squared loss. */
export const createLoader = (workspace: Workspace, bins: readonly FeatureBins[], mean: number): Loader => {
  const { plan, u8, f32, f64 } = workspace
  const isLogistic = plan.parameters.loss === "logistic"
  const binners = plan.features.map(({ index }) => createBinner(bins[index]))
  const values = new Float64Array(blockRows)
  const codes = new Uint8Array(blockRows)
  const start = Math.round(mean * plan.residualScale) / plan.residualScale
  let rows = 0

  const binBlocks = (
    features: Features,
    place: (position: number, first: number, count: number) => void,
  ): void => {
    for (let first = 0; first < features.rows; first += blockRows) {
      const last = Math.min(features.rows, first + blockRows)
      plan.features.forEach(({ index }, position) => {
        const column = features.columns[index]
        // Copying a block into doubles keeps the binner's loop to one element type.
        values.set((column.kind === "numeric" ? column.values : column.codes).subarray(first, last))
        binners[position](values, last - first, codes)
        place(position, first, last - first)
      })
    }
  }

  return {
    add({ features, target, weights }, scores) {
      binBlocks(features, (position, first, count) =>
        placeBins(workspace, position, rows + first, codes, count),
      )
      if (plan.mode === "residual") writeResiduals(workspace, rows, target, scores, start)
      else {
        if (isLogistic) f32.set(target, plan.targets / 4 + rows)
        else f64.set(target, plan.targets / 8 + rows)
        if (scores) f64.set(scores, plan.scores / 8 + rows)
        if (weights) f64.set(weights, plan.weights / 8 + rows)
      }
      rows += features.rows
    },
    addValidation({ features, target, weights }, scores) {
      const width = plan.features.length
      binBlocks(features, (position, first, count) => {
        let at = plan.validationBins + first * width + position
        for (let i = 0; i < count; i++, at += width) u8[at] = codes[i]
      })
      f64.set(target, plan.validationTargets / 8)
      if (scores) f64.set(scores, plan.validationScores / 8)
      const weightsAt = plan.validationWeights / 8
      if (weights) f64.set(weights, weightsAt)
      else f64.fill(1, weightsAt, weightsAt + features.rows)
    },
    finish(initialBaseline) {
      if (isLogistic) fillProbabilityTable(f64, plan.probabilities / 8)
      if (initialBaseline !== undefined) return initialBaseline
      const targets = isLogistic ? f32.subarray(plan.targets / 4) : f64.subarray(plan.targets / 8)
      const scores = plan.scores / 8
      const weights = plan.weights / 8
      const baseline =
        plan.mode === "residual"
          ? start
          : baselineScore(
              plan.parameters,
              targets.subarray(0, rows),
              plan.weighted ? f64.subarray(weights, weights + rows) : undefined,
            )
      if (plan.mode !== "residual") f64.fill(baseline, scores, scores + rows)
      const validation = plan.validationScores / 8
      f64.fill(baseline, validation, validation + plan.validationRows)
      return baseline
    },
  }
}

/** One feature's bins of `count` rows, row by row in its group and once more column by column if planned. */
const placeBins = (
  { plan, u8 }: Workspace,
  position: number,
  row: number,
  codes: Uint8Array,
  count: number,
): void => {
  const group = plan.groups.find(({ first, count: width }) => position < first + width)!
  const { stride } = group
  let at = group.pointer + row * stride + position - group.first
  for (let i = 0; i < count; i++, at += stride) u8[at] = codes[i]
  const feature = plan.features[position]
  if (feature.stride === 1) u8.set(codes.subarray(0, count), feature.pointer + row)
}

const writeResiduals = (
  { plan, i32 }: Workspace,
  firstRow: number,
  target: Numbers,
  scores: Float64Array | undefined,
  start: number,
): void => {
  for (const { pointer, stride } of plan.groups) {
    const words = stride / 4
    let at = pointer / 4 + (firstRow + 1) * words - 1
    for (let i = 0; i < target.length; i++, at += words)
      i32[at] = Math.round(((scores ? scores[i] : start) - target[i]) * plan.residualScale)
  }
}
