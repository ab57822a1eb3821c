import { throwIfAborted } from "@roadmap/core/async"
import { createRandom, type Random, sampleIndices } from "@roadmap/core/random"
import { z } from "zod"
import { completeNumbers, type FeatureSchema, schemaOf } from "../columns.ts"
import type { FitControl } from "../estimator.ts"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { checkNotEmpty } from "../input.ts"
import { parseParameters } from "../parameters.ts"
import { gatherPoints } from "./gather.ts"
import { type GrowingNodes, growIsolationTree } from "./isolation-tree.ts"

const isolationForestParameters = z.strictObject({
  trees: z.number().int().min(1).default(100),
  /** Rows each tree is grown on, drawn without replacement; all rows when there are fewer. */
  maxSamples: z.number().int().min(1).default(256),
})

export type IsolationForestParameters = z.input<typeof isolationForestParameters>

export interface IsolationForestModel {
  readonly kind: "isolation-forest"
  readonly parameters: Required<IsolationForestParameters>
  readonly features: readonly FeatureSchema[]
  /** Rows each tree was grown on. */
  readonly sampleSize: number
  /** First node of each tree; nodes of all trees lie one after the other. */
  readonly roots: Int32Array
  /** Feature a node splits on, -1 at a leaf. */
  readonly feature: Int32Array
  /** A row goes left when its value is <= threshold. */
  readonly threshold: Float64Array
  readonly left: Int32Array
  readonly right: Int32Array
  readonly pathLength: Float64Array
}

/**
 * Isolation forest (Liu, Ting and Zhou, ICDM 2008): trees of random cuts isolate odd rows in few steps.
 * Throws INVALID_INPUT for categorical, missing or infinite values.
 */
export const fitIsolationForest = (
  input: FitControl & { readonly features: Features; readonly parameters?: IsolationForestParameters },
): IsolationForestModel => {
  const parameters = parseParameters("isolation forest", isolationForestParameters, input.parameters)
  checkNotEmpty(input.features, "The isolation forest")
  const { rows } = input.features
  const columns = completeNumbers(input.features.columns, "The isolation forest")
  const sampleSize = Math.min(parameters.maxSamples, rows)
  const heightLimit = Math.ceil(Math.log2(Math.max(sampleSize, 2)))
  const random = input.random ?? createRandom(0)
  const nodes: GrowingNodes = { feature: [], threshold: [], left: [], right: [], pathLength: [] }
  const roots = new Int32Array(parameters.trees)
  for (let tree = 0; tree < parameters.trees; tree++) {
    throwIfAborted(input.signal)
    input.onProgress?.({ done: tree, total: parameters.trees, unit: "trees" })
    const treeRandom = random.fork(`tree ${tree}`)
    const sample = gatherPoints(columns, drawRows(rows, sampleSize, treeRandom))
    roots[tree] = growIsolationTree(nodes, sample, { heightLimit, random: treeRandom })
  }
  return frozen({
    kind: "isolation-forest",
    parameters,
    features: schemaOf(input.features),
    sampleSize,
    roots,
    feature: Int32Array.from(nodes.feature),
    threshold: Float64Array.from(nodes.threshold),
    left: Int32Array.from(nodes.left),
    right: Int32Array.from(nodes.right),
    pathLength: Float64Array.from(nodes.pathLength),
  })
}

/** Distinct rows: by rejection when they are few of many, which does not read the whole population. */
const drawRows = (population: number, count: number, random: Random): Int32Array => {
  if (count > population / 4) return sampleIndices(population, count, random)
  const drawn = new Set<number>()
  while (drawn.size < count) drawn.add(Math.floor(random.next() * population))
  return Int32Array.from(drawn)
}
