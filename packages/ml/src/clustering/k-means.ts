import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import { z } from "zod"
import { alignColumns, completeNumbers, type FeatureSchema, schemaOf } from "../columns.ts"
import type { UnsupervisedInput } from "../estimator.ts"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkNotEmpty, checkWeights } from "../input.ts"
import type { Engine } from "../kernels/memory.ts"
import { parseParameters } from "../parameters.ts"
import { seedCenters } from "./k-means-plus-plus.ts"
import { inertiaOf, type LloydFit, lloyd, nearestCenters, squaredShift, sumClusters } from "./lloyd.ts"
import { createMiniBatches } from "./mini-batch.ts"
import { type ClusterWorkspace, createClusterWorkspace, fillRows } from "./workspace.ts"

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
    readonly engine?: Engine
  },
): KMeansModel => {
  const parameters = parseParameters("k-means", kMeansParameters, input.parameters)
  checkNotEmpty(input.features, "k-means")
  const { rows } = input.features
  const { clusters } = parameters
  if (clusters > rows)
    throw new RoadmapError("INVALID_INPUT", `k-means is asked for ${clusters} clusters of ${rows} rows.`)
  const columns = completeNumbers(input.features.columns, "k-means")
  const width = columns.length
  const weights = checkWeights(input.weights, rows)
  const given = input.initialCenters
  if (given !== undefined && given.length !== clusters * width)
    throw new RoadmapError(
      "INVALID_INPUT",
      `initialCenters has ${given.length} values; ${clusters} clusters of ${width} features need ${clusters * width}.`,
    )
  const random = input.random ?? createRandom(0)
  const starts = given === undefined ? parameters.nInit : 1
  const workspace = createClusterWorkspace({ rows, width, clusters, weights, engine: input.engine })
  fillRows(workspace, columns)
  const smallestShift = parameters.tolerance > 0 ? parameters.tolerance * meanVariance(workspace) : 0
  let best: LloydFit | undefined
  for (let start = 0; start < starts; start++) {
    const startRandom = random.fork(`start ${start}`)
    const centers = given?.slice() ?? seedCenters(workspace, startRandom)
    const fit = improve(workspace, centers, {
      parameters,
      smallestShift,
      random: startRandom,
      engine: input.engine,
      beforeIteration(iteration) {
        throwIfAborted(input.signal)
        const { maxIterations } = parameters
        const done = start * maxIterations + iteration
        input.onProgress?.({ done, total: starts * maxIterations, unit: "iterations" })
      },
    })
    if (best === undefined || fit.inertia < best.inertia) best = fit
  }
  return frozen({ kind: "k-means", parameters, features: schemaOf(input.features), ...(best as LloydFit) })
}

/** Number of the nearest center, once a row. */
export const assignClusters = (model: KMeansModel, features: Features): Float64Array => {
  const columns = completeNumbers(alignColumns(model.features, features), "k-means")
  const { rows } = features
  const { clusters } = model.parameters
  const workspace = createClusterWorkspace({ rows, width: columns.length, clusters })
  fillRows(workspace, columns)
  nearestCenters(workspace, model.centers)
  const { i32, labels } = workspace
  return new Float64Array(i32.subarray(labels / 4, labels / 4 + rows))
}

interface Control {
  readonly parameters: z.output<typeof kMeansParameters>
  readonly smallestShift: number
  readonly random: Random
  readonly engine: Engine | undefined
  readonly beforeIteration: (iteration: number) => void
}

const improve = (workspace: ClusterWorkspace, initial: Float64Array, control: Control): LloydFit => {
  const { smallestShift, random, engine, beforeIteration } = control
  const { batchSize, maxIterations } = control.parameters
  const { i32, labels, rows } = workspace
  i32.fill(-1, labels / 4, labels / 4 + rows)
  if (batchSize === undefined)
    return lloyd(workspace, initial, { maxIterations, smallestShift, beforeIteration })
  const step = createMiniBatches(workspace, { batchSize, random, engine })
  const batchShift = smallestShift * Math.min(1, batchSize / rows)
  let centers = initial
  let iterations = 0
  let converged = false
  while (!converged && iterations < maxIterations) {
    beforeIteration(iterations++)
    const before = centers
    centers = step(before)
    converged = squaredShift(before, centers) <= batchShift
  }
  nearestCenters(workspace, centers)
  return { centers, inertia: inertiaOf(workspace, centers), iterations, converged }
}

/** Variance of the features, weighted, on average over them: the inertia of one cluster. */
const meanVariance = (workspace: ClusterWorkspace): number => {
  const { f64, i32, labels, rows, width } = workspace
  i32.fill(0, labels / 4, labels / 4 + rows)
  sumClusters(workspace)
  const total = f64[workspace.mass / 8]
  const from = workspace.sums / 8
  const mean = f64.slice(from, from + width).map(sum => sum / total)
  return inertiaOf(workspace, mean) / total / width
}
