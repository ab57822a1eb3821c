import { throwIfAborted } from "@roadmap/core/async"
import { z } from "zod"
import type { SupervisedInput } from "../estimator.ts"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkBinary, checkNotEmpty, checkWeights, totalWeight } from "../input.ts"
import type { Engine } from "../kernels/memory.ts"
import { parseParameters } from "../parameters.ts"
import { forEachBlock } from "./blocks.ts"
import { solveSymmetric } from "./cholesky.ts"
import { createDesign, type Design, type LinearCoefficients, toCoefficients } from "./design.ts"
import { createNormalEquations, type NormalEquations } from "./normal-equations.ts"
import { linearResponse } from "./respond.ts"
import { loadValues } from "./workspace.ts"

const logisticParameters = z.strictObject({
  /** Inverse strength of the L2 penalty, > 0, as in scikit-learn. The intercept is not penalised. */
  C: z.number().positive().default(1),
  /** Penalise numeric coefficients in units of their feature's standard deviation. */
  standardize: z.boolean().default(true),
  /** Give each feature with missing values a 0/1 column of its own. */
  missingIndicator: z.boolean().default(false),
  maxIterations: z.number().int().positive().default(50),
  /** Stop once a step would lower the mean loss by less than this. */
  tolerance: z.number().positive().default(1e-9),
})

export type LogisticParameters = z.input<typeof logisticParameters>

export interface LogisticModel extends LinearCoefficients {
  readonly kind: "logistic"
  readonly parameters: Required<LogisticParameters>
  readonly iterations: number
  /** False when `maxIterations`, or rounding, ended the fit before `tolerance` was met. */
  readonly converged: boolean
}

/**
 * Logistic regression with an L2 penalty: minimises C sum w logloss + |c|²/2, as scikit-learn's
 * `LogisticRegression` does, by Newton's method (iteratively reweighted least squares; Hastie et al., The
 * Elements of Statistical Learning, 4.4.1) with step halving. Each iteration is one pass over the rows in
 * blocks. Encoding as in `fitRidge`. Throws INVALID_INPUT, also for labels of one class.
 */
export const fitLogistic = (
  input: SupervisedInput & { readonly parameters?: LogisticParameters; readonly engine?: Engine },
): LogisticModel => {
  const parameters = parseParameters("logistic", logisticParameters, input.parameters)
  checkNotEmpty(input.features, "Logistic regression")
  const { rows } = input.features
  const weights = checkWeights(input.weights, rows)
  const labels = checkBinary("target", input.target, { rows, weights })
  const design = createDesign(input.features, weights, { ...parameters, engine: input.engine })
  const problem: Problem = {
    design,
    labels,
    weights,
    equations: createNormalEquations(design, { weighted: true }),
    penalty: design.penalty.map(relative => relative / parameters.C),
  }
  const total = totalWeight(rows, weights)
  let current = startAtPrior(problem, total)
  let loss = evaluate(problem, current)
  let iterations = 0
  let converged = false
  while (!converged && iterations < parameters.maxIterations) {
    throwIfAborted(input.signal)
    input.onProgress?.({ done: iterations, total: parameters.maxIterations, unit: "iterations" })
    const gradient = problem.equations.vector.slice()
    const step = solveSymmetric(
      { size: design.size, values: problem.equations.gram },
      problem.equations.vector.slice(),
    )
    const expectedDecrease = dot(gradient, step) / 2
    converged = expectedDecrease <= parameters.tolerance * total
    const moved = descend(problem, { from: current, step, loss, last: converged })
    if (moved === undefined) break
    current = moved.parameters
    loss = moved.loss
    iterations++
  }
  return frozen({ kind: "logistic", parameters, iterations, converged, ...toCoefficients(design, current) })
}

/** Probability of class 1, once a row. */
export const logisticProbability = (model: LogisticModel, features: Features): Float64Array => {
  const response = linearResponse(model, features)
  for (let row = 0; row < response.length; row++) response[row] = sigmoid(response[row])
  return response
}

export const sigmoid = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds))

interface Problem {
  readonly design: Design
  readonly labels: Float64Array
  readonly weights: Float64Array | undefined
  readonly equations: NormalEquations
  readonly penalty: Float64Array
}

const startAtPrior = ({ design, labels, weights }: Problem, total: number): Float64Array => {
  let positives = 0
  for (let row = 0; row < labels.length; row++)
    positives += labels[row] * (weights === undefined ? 1 : weights[row])
  const start = new Float64Array(design.size)
  start[0] = Math.log(positives / (total - positives))
  return start
}

/** One pass: the penalised loss; leaves the Hessian and the downhill direction in the normal equations. */
const evaluate = ({ design, labels, weights, equations, penalty }: Problem, at: Float64Array): number => {
  const { workspace } = design
  const { f64, kernels, response, rowWeights, factors, out } = workspace
  const { labels: labelsAt, sampleWeights } = workspace
  let loss = 0
  equations.reset()
  equations.setParameters(at)
  forEachBlock(design, block => {
    const { first, rows } = block
    equations.respond(block, response)
    loadValues(workspace, labels, { first, rows, to: labelsAt })
    if (weights !== undefined) loadValues(workspace, weights, { first, rows, to: sampleWeights })
    // A row beyond the last of an odd block: its loss is 0 and its factor 1.
    f64[response / 8 + rows] = 1_000
    f64[labelsAt / 8 + rows] = 1
    kernels.classify(response, labelsAt, sampleWeights, rows, equations.residuals, rowWeights, factors, out)
    loss += f64[out / 8] + f64[out / 8 + 1]
    // At most 512 factors up to 2: their product cannot overflow.
    if (weights === undefined) loss += Math.log(f64[out / 8 + 2] * f64[out / 8 + 3])
    else for (let b = 0; b < rows; b++) loss += weights[first + b] * Math.log(f64[factors / 8 + b])
    equations.add(block)
  })
  const hessian = equations.assemble()
  for (let i = 0; i < at.length; i++) {
    hessian[i * at.length + i] += penalty[i]
    equations.vector[i] -= penalty[i] * at[i]
    loss += 0.5 * penalty[i] * at[i] * at[i]
  }
  return loss
}

/**
 * Takes the step, or the longest half, quarter, … of it that lowers the loss; undefined when none does. The
 * last step needs no new pass.
 */
const descend = (
  problem: Problem,
  { from, step, loss, last }: { from: Float64Array; step: Float64Array; loss: number; last: boolean },
): { parameters: Float64Array; loss: number } | undefined => {
  if (last) return { parameters: from.map((value, i) => value + step[i]), loss }
  for (let length = 1; length > 1e-6; length /= 2) {
    const parameters = from.map((value, i) => value + length * step[i])
    const reached = evaluate(problem, parameters)
    if (reached <= loss * (1 + 1e-13)) return { parameters, loss: reached }
  }
  return undefined
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
