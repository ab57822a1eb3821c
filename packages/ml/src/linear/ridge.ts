import { throwIfAborted } from "@roadmap/core/async"
import { z } from "zod"
import type { SupervisedInput } from "../estimator.ts"
import { frozen } from "../frozen.ts"
import { checkNotEmpty, checkValues, checkWeights, totalWeight } from "../input.ts"
import type { Engine } from "../kernels/memory.ts"
import { parseParameters } from "../parameters.ts"
import { forEachBlock } from "./blocks.ts"
import { solveSymmetric } from "./cholesky.ts"
import { createDesign, type LinearCoefficients, toCoefficients } from "./design.ts"
import { createNormalEquations } from "./normal-equations.ts"
import { loadValues } from "./workspace.ts"

const ridgeParameters = z.strictObject({
  /** Strength of the L2 penalty, >= 0. The intercept is not penalised. */
  alpha: z.number().min(0).default(1),
  /** Penalise numeric coefficients in units of their feature's standard deviation. */
  standardize: z.boolean().default(true),
  /** Give each feature with missing values a 0/1 column of its own. */
  missingIndicator: z.boolean().default(false),
})

export type RidgeParameters = z.input<typeof ridgeParameters>

export interface RidgeModel extends LinearCoefficients {
  readonly kind: "ridge"
  readonly parameters: Required<RidgeParameters>
}

/**
 * Ridge regression in closed form (Hoerl and Kennard, 1970): minimises sum w (y - b - x'c)² + alpha |c|², as
 * scikit-learn's `Ridge` does. Two passes over the rows in blocks; memory does not grow with them. Missing
 * numbers become the mean, categories are one-hot, missing and unknown categories are all zeros. Throws
 * INVALID_INPUT.
 */
export const fitRidge = (
  input: SupervisedInput & { readonly parameters?: RidgeParameters; readonly engine?: Engine },
): RidgeModel => {
  const parameters = parseParameters("ridge", ridgeParameters, input.parameters)
  checkNotEmpty(input.features, "Ridge")
  const { rows } = input.features
  const weights = checkWeights(input.weights, rows)
  const target = checkValues("target", input.target, rows)
  const design = createDesign(input.features, weights, { ...parameters, engine: input.engine })
  const equations = createNormalEquations(design, { weighted: weights !== undefined })
  const mean = weightedMean(target, weights)
  const { workspace } = design
  const residuals = workspace.f64.subarray(equations.residuals / 8)
  forEachBlock(design, block => {
    const { first } = block
    if (weights !== undefined) loadValues(workspace, weights, { ...block, to: workspace.rowWeights })
    for (let b = 0; b < block.rows; b++)
      residuals[b] = (target[first + b] - mean) * (weights === undefined ? 1 : weights[first + b])
    equations.add(block)
    if (first % (1 << 18) !== 0) return
    throwIfAborted(input.signal)
    input.onProgress?.({ done: first, total: rows, unit: "rows" })
  })
  const gram = equations.assemble()
  for (let i = 0; i < design.size; i++) gram[i * design.size + i] += parameters.alpha * design.penalty[i]
  const solution = solveSymmetric({ size: design.size, values: gram }, equations.vector)
  solution[0] += mean
  input.onProgress?.({ done: rows, total: rows, unit: "rows" })
  return frozen({ kind: "ridge", parameters, ...toCoefficients(design, solution) })
}

const weightedMean = (values: Float64Array, weights: Float64Array | undefined): number => {
  let sum = 0
  for (let row = 0; row < values.length; row++)
    sum += values[row] * (weights === undefined ? 1 : weights[row])
  return sum / totalWeight(values.length, weights)
}
