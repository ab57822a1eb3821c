import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import { z } from "zod"
import { alignColumns, completeNumbers, type FeatureSchema, schemaOf } from "../columns.ts"
import type { UnsupervisedInput } from "../estimator.ts"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkNotEmpty, checkWeights } from "../input.ts"
import { parseParameters } from "../parameters.ts"
import { seedCenters } from "./k-means-plus-plus.ts"
import { assign, inertiaOf, moveCenters } from "./lloyd.ts"
import { miniBatchStep } from "./mini-batch.ts"
import { type Points, toPoints } from "./points.ts"

const kMeansParameters = z.strictObject({
  clusters: z.number().int().min(1).default(8),
  /** Independent starts; the one of the lowest inertia is kept. */
  nInit: z.number().int().min(1).default(3),
  maxIterations: z.number().int().min(1).default(300),
  /** Stop when the centers' squared shift falls below this share of the features' mean variance. */
  tolerance: z.number().min(0).default(1e-4),
  /** Rows a step of mini-batch k-means draws. Default: none, every step uses all rows (Lloyd). */
  batchSize: z.number().int().min(1).optional(),
})

export type KMeansParameters = z.input<typeof kMeansParameters>

export interface KMeansModel {
  readonly kind: "k-means"
  readonly parameters: z.output<typeof kMeansParameters>
  readonly features: readonly FeatureSchema[]
  /** `clusters` rows of one value a feature, in the units of the features. */
  readonly centers: Float64Array
  /** Weighted sum of squared distances from the training rows to their nearest centers. */
  readonly inertia: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * k-means: greedy k-means++ starts, then Lloyd's iterations (1982), or mini-batches when `batchSize` is
 * given. A cluster that loses all its rows takes the row farthest from its center. Distances are Euclidean in
 * the units of the features: scale them first. With `initialCenters` (row by row) there is one start, from
 * these. Throws INVALID_INPUT for categorical, missing or infinite values and for more clusters than rows.
 */
export const fitKMeans = (
  input: UnsupervisedInput & {
    readonly parameters?: KMeansParameters
    readonly initialCenters?: Float64Array
  },
): KMeansModel => {
  const parameters = parseParameters("k-means", kMeansParameters, input.parameters)
  checkNotEmpty(input.features, "k-means")
  const { rows } = input.features
  const { clusters } = parameters
  if (clusters > rows)
    throw new RoadmapError("INVALID_INPUT", `k-means is asked for ${clusters} clusters of ${rows} rows.`)
  const points = toPoints(completeNumbers(input.features.columns, "k-means"), rows)
  const weights = checkWeights(input.weights, rows)
  const given = input.initialCenters
  if (given !== undefined && given.length !== clusters * points.width)
    throw new RoadmapError(
      "INVALID_INPUT",
      `initialCenters has ${given.length} values; ${clusters} clusters of ${points.width} features need ${clusters * points.width}.`,
    )
  const random = input.random ?? createRandom(0)
  const starts = given === undefined ? parameters.nInit : 1
  let best: Fit | undefined
  for (let start = 0; start < starts; start++) {
    const startRandom = random.fork(`start ${start}`)
    const centers = given?.slice() ?? seedCenters(points, weights, { clusters, random: startRandom })
    const control = { parameters, random: startRandom, start, starts, input }
    const fit = improve(points, weights, centers, control)
    if (best === undefined || fit.inertia < best.inertia) best = fit
  }
  return frozen({ kind: "k-means", parameters, features: schemaOf(input.features), ...(best as Fit) })
}

/** Number of the nearest center, once a row. */
export const assignClusters = (model: KMeansModel, features: Features): Float64Array => {
  const columns = completeNumbers(alignColumns(model.features, features), "k-means")
  const labels = new Int32Array(features.rows)
  assign(toPoints(columns, features.rows), model.centers, labels)
  return Float64Array.from(labels)
}

interface Fit {
  readonly centers: Float64Array
  readonly inertia: number
  readonly iterations: number
  readonly converged: boolean
}

interface Control {
  readonly parameters: z.output<typeof kMeansParameters>
  readonly random: Random
  readonly start: number
  readonly starts: number
  readonly input: UnsupervisedInput
}

const improve = (
  points: Points,
  weights: Float64Array | undefined,
  initial: Float64Array,
  control: Control,
): Fit => {
  const { parameters, random, start, starts, input } = control
  const { batchSize, maxIterations } = parameters
  const smallestShift = parameters.tolerance * meanVariance(points, weights)
  const labels = new Int32Array(points.rows).fill(-1)
  const seen = new Float64Array(parameters.clusters)
  let centers = initial
  let iterations = 0
  let converged = false
  while (!converged && iterations < maxIterations) {
    throwIfAborted(input.signal)
    input.onProgress?.({
      done: start * maxIterations + iterations,
      total: starts * maxIterations,
      unit: "iterations",
    })
    iterations++
    const before = centers
    if (batchSize !== undefined) {
      centers = centers.slice()
      miniBatchStep(points, weights, { centers, seen, batchSize, random })
      converged = squaredShift(before, centers) <= smallestShift * Math.min(1, batchSize / points.rows)
    } else {
      const changed = assign(points, centers, labels)
      centers = moveCenters(points, weights, { centers, labels })
      converged = changed === 0 || squaredShift(before, centers) <= smallestShift
    }
  }
  assign(points, centers, labels)
  return { centers, inertia: inertiaOf(points, weights, { centers, labels }), iterations, converged }
}

const squaredShift = (before: Float64Array, after: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < before.length; i++) sum += (after[i] - before[i]) ** 2
  return sum
}

const meanVariance = ({ rows, width, values }: Points, weights: Float64Array | undefined): number => {
  let sum = 0
  for (let column = 0; column < width; column++) {
    let total = 0
    let mean = 0
    let squares = 0
    for (let row = 0; row < rows; row++) {
      const weight = weights === undefined ? 1 : weights[row]
      if (weight === 0) continue
      total += weight
      const distance = values[row * width + column] - mean
      mean += (weight / total) * distance
      squares += weight * distance * (values[row * width + column] - mean)
    }
    sum += squares / total
  }
  return sum / width
}
