import { availableParallelism } from "node:os"
import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { Features } from "../features.ts"
import { frozen } from "../frozen.ts"
import { assembleModel, joinModels } from "./assemble.ts"
import type { FinishedTree } from "./boost.ts"
import { boost } from "./boost.ts"
import { alone } from "./crew.ts"
import type { Kernels } from "./kernels.ts"
import { createLoader } from "./load.ts"
import { createMemory, type Engine, openMemory } from "./memory.ts"
import type { BoostingModel } from "./model.ts"
import { type BoostingParameters, resolveParameters } from "./parameters.ts"
import { createPlan } from "./plan.ts"
import { startPool } from "./pool.ts"
import { predictScores } from "./predict.ts"
import { slices } from "./slices.ts"
import { type BoostingBatch, checkColumns, createSurveyor, type Numbers, type Survey } from "./survey.ts"
import type { Workspace } from "./workspace.ts"

export interface BoostingProgress {
  /** Trees finished, and the most there can be. */
  readonly tree: number
  readonly trees: number
  /** Mean loss on the validation rows after this tree. */
  readonly validationLoss: number | undefined
}

interface CommonOptions {
  readonly parameters?: Partial<BoostingParameters>
  /** Rows to measure each tree on, for early stopping. */
  readonly validation?: BoostingBatch
  /** Warm start: go on from this model; `trees` more are added. */
  readonly initialModel?: BoostingModel
  /** Threads, 1..64; they do not change the model. Default: see `defaultThreads`. */
  readonly threads?: number
  /** Kernels; they do not change the model. Default "auto": WebAssembly unless the data are small. */
  readonly engine?: Engine
  /** Decides sampling and rounding. Default 0. */
  readonly seed?: number
  readonly onProgress?: (progress: BoostingProgress) => void
  readonly signal?: AbortSignal
}

export type FitBoostingOptions = CommonOptions &
  (
    | { readonly features: Features; readonly target: Numbers; readonly weights?: Numbers }
    /** Called twice: the rows are looked at once for the bins and once to bin them. */
    | { readonly batches: () => Iterable<BoostingBatch> | AsyncIterable<BoostingBatch> }
  )

/**
 * Fits gradient-boosted trees: histograms of bins, best-first growth, Newton leaf values (Friedman, 2001;
 * Ke et al., 2017). The model depends on data, parameters and seed alone. Throws INVALID_INPUT for
 * parameters, targets, weights or features it cannot learn from, LIMIT_EXCEEDED past 2^28 rows and
 * INTERRUPTED soon after the signal aborts.
 */
export const fitBoosting = async (options: FitBoostingOptions): Promise<BoostingModel> => {
  const parameters = resolveParameters(options.parameters)
  const { validation, initialModel, signal, seed = 0 } = options
  throwIfAborted(signal)
  if (parameters.earlyStopping > 0 && !validation)
    throw new RoadmapError("INVALID_INPUT", "earlyStopping needs validation rows.", {
      hint: "Give `validation` or leave earlyStopping at 0.",
    })
  if (initialModel && initialModel.loss !== parameters.loss)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The initial model's loss is ${initialModel.loss}; this fit's is ${parameters.loss}.`,
    )
  const scoresOf = (features: Features) => initialModel && predictScores(initialModel, features, { signal })

  const surveyor = createSurveyor(parameters)
  for await (const batch of batchesOf(options)) {
    if (initialModel) checkColumns(initialModel.features, batch.features.columns)
    surveyor.add(batch, scoresOf(batch.features))
    await breathe(signal)
  }
  const survey = await surveyor.finish(() => breathe(signal))
  if (validation) checkValidation(validation, survey, parameters)

  const threads = threadCount(options.threads, survey)
  await using pool = threads > 1 ? startPool(threads) : undefined
  const plan = createPlan({
    ...survey,
    validationRows: validation?.features.rows ?? 0,
    threads,
    parameters,
    seed,
    monotone: monotoneOf(survey, parameters),
    residualScale: residualScale(survey, initialModel !== undefined),
  })
  const memory = createMemory(plan, options.engine ?? "auto")
  const { workspace, kernels } = openMemory(plan, memory, 0)
  const loader = createLoader(workspace, survey.bins, survey.mean)
  for await (const batch of batchesOf(options)) {
    loader.add(batch, scoresOf(batch.features))
    await breathe(signal)
  }
  if (validation) loader.addValidation(validation, scoresOf(validation.features))
  const baseline = loader.finish(initialModel?.baseline)

  const trees: FinishedTree[] = []
  const onTree = (tree: FinishedTree): void => {
    trees.push(tree)
    options.onProgress?.({ tree: trees.length, trees: parameters.trees, validationLoss: tree.validationLoss })
  }
  if (plan.features.length > 0) {
    if (pool) await pool.run({ plan, memory }, onTree, signal)
    else await runAlone(workspace, kernels, onTree, signal)
  }
  const kept = keepBest(trees, parameters)
  const { features, bins } = survey
  const model = assembleModel({ loss: parameters.loss, features, bins, baseline, trees: kept, plan })
  return frozen(initialModel ? joinModels(initialModel, model) : model)
}

const runAlone = async (
  workspace: Workspace,
  kernels: Kernels,
  onTree: (tree: FinishedTree) => void,
  signal: AbortSignal | undefined,
): Promise<void> => {
  let last = performance.now()
  for (const _ of boost(workspace, alone, kernels, onTree)) {
    if (performance.now() - last < 20) continue
    await breathe(signal)
    last = performance.now()
  }
}

/** Below this many cells a thread waits longer for the others than it works; the model is the same. */
const cellsForThreads = 4_000_000

/** Threads of a fit that names none. */
export const defaultThreads = (rows: number, features: number): number =>
  rows * features < cellsForThreads ? 1 : Math.min(4, availableParallelism())

const threadCount = (wanted: number | undefined, { rows, features }: Survey): number => {
  if (wanted === undefined) return defaultThreads(rows, features.length)
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 64)
    throw new RoadmapError("INVALID_INPUT", `threads is ${wanted}; it must be a whole number from 1 to 64.`)
  return wanted
}

/** Lets timers, progress and the abort event run, then stops here if the signal aborted. */
const breathe = async (signal: AbortSignal | undefined): Promise<void> => {
  await new Promise(resolve => setImmediate(resolve))
  throwIfAborted(signal)
}

const batchesOf = (options: FitBoostingOptions): Iterable<BoostingBatch> | AsyncIterable<BoostingBatch> =>
  "batches" in options ? options.batches() : slices(options)

const checkValidation = (validation: BoostingBatch, survey: Survey, parameters: BoostingParameters): void => {
  if (validation.features.rows === 0) throw new RoadmapError("INVALID_INPUT", "There are no validation rows.")
  checkColumns(survey.features, validation.features.columns)
  // A surveyor checks lengths, weights and targets; one class among the validation rows is fine.
  createSurveyor(parameters).add(validation, undefined)
}

const monotoneOf = ({ features }: Survey, { monotone }: BoostingParameters): number[] => {
  for (const name of Object.keys(monotone)) {
    const feature = features.find(candidate => candidate.name === name)
    if (!feature)
      throw new RoadmapError("INVALID_INPUT", `monotone names "${name}", which is no feature.`, {
        hint: `Features: ${features.map(candidate => candidate.name).join(", ")}.`,
      })
    if (feature.kind === "categorical" && monotone[name] !== 0)
      throw new RoadmapError(
        "INVALID_INPUT",
        `"${name}" is categorical; only numeric features can be monotone.`,
      )
  }
  return features.map(({ name }) => monotone[name] ?? 0)
}

/**
 * Fixed-point units per unit of the target: as many as keep every sum inside its integer, with room to
 * spare. Coarser than 2^13 a standard deviation would cost accuracy; this gives 2^14 to 2^20. The limits:
 * one residual in 32 bits, a sum of residuals over all rows beside the row count in 64, and a sum over one
 * batch of histogram.ts in 39. The sum over m of n rows is at most sqrt(m n) times the root mean square.
 */
const residualScale = ({ rows, mean, deviation, largest }: Survey, isWarm: boolean): number => {
  const rootMeanSquare = isWarm ? Math.hypot(deviation, mean) : deviation
  const most = isWarm ? largest + Math.abs(mean) : largest
  if (!(most > 0) || !(rootMeanSquare > 0)) return 1
  const countBits = Math.max(14, 32 - Math.clz32(rows))
  const steps = Math.min(2 ** 20, 2 ** (60 - countBits) / rows, 2 ** 36 / Math.sqrt(8192 * rows))
  return 2 ** Math.floor(Math.log2(Math.min(steps / rootMeanSquare, 2 ** 29 / most)))
}

/** With early stopping the trees after the best one are dropped. */
const keepBest = (
  trees: readonly FinishedTree[],
  { earlyStopping }: BoostingParameters,
): readonly FinishedTree[] => {
  if (earlyStopping === 0) return trees
  let best = 0
  trees.forEach(({ validationLoss }, i) => {
    if (validationLoss! < trees[best].validationLoss!) best = i
  })
  return trees.slice(0, best + 1)
}
