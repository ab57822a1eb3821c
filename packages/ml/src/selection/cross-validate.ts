import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import { standardDeviation } from "../metrics/bootstrap.ts"
import { type MetricName, metrics } from "../metrics/catalog.ts"
import type { Fold } from "../split/fold.ts"
import { type EstimatorSpec, seedOf } from "./estimator.ts"
import type { FitFunction, FoldOutcome } from "./fold-task.ts"
import type { LabelledRows } from "./holdout.ts"
import { defaultWorkers, type FoldRunner, openRunner, type RunControl } from "./pool.ts"

export interface CrossValidateInput extends LabelledRows {
  /** Data for any number of workers; a function fits in the calling thread only. */
  readonly estimator: EstimatorSpec | FitFunction
  /** Row numbers to train on and to test, from a splitter or made by hand. */
  readonly folds: Iterable<Fold> & { readonly count?: number }
  /** Computed from the probability of class 1 (classifiers) or from the prediction (all others). */
  readonly metrics: readonly MetricName[]
  /** Also score each model on the rows it learned from. Default false. */
  readonly trainScores?: boolean
  /** Threads, 1..64; they do not change the result. Default: one a core, at most one a fold; 1 for a function. */
  readonly workers?: number
  /** Each fold has random numbers of its own, by its number. Default: seed 0. */
  readonly random?: Random
  readonly onProgress?: (progress: CrossValidationProgress) => void
  /** Ends all fits and their threads; the call throws INTERRUPTED. */
  readonly signal?: AbortSignal
}

export interface CrossValidationProgress {
  readonly done: number
  /** Undefined when the folds do not tell how many they are. */
  readonly total: number | undefined
  readonly unit: "folds"
}

export interface FoldResult {
  readonly trainRows: number
  readonly testRows: number
  readonly scores: Readonly<Record<string, number>>
  readonly trainScores: Readonly<Record<string, number>> | undefined
  /** Trees of the model, if it has any: fewer than asked for after early stopping. */
  readonly trees: number | undefined
  readonly fitSeconds: number
  readonly predictSeconds: number
}

export interface CrossValidation {
  /** In the order of the folds. */
  readonly folds: readonly FoldResult[]
  /** Of each metric over the folds. */
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>
  /** Out-of-fold response of each row: the mean over the folds that tested it, NaN where none did. */
  readonly predicted: Float64Array
  /** How many folds tested each row. */
  readonly timesTested: Uint16Array
  readonly seconds: number
}

/**
 * Fits the estimator once a fold, on worker threads that share the rows, and judges each model on rows it has
 * not seen. The same numbers for any number of workers. Throws INVALID_INPUT (what an estimator or a metric
 * refuses names its fold), WORKER_DIED and INTERRUPTED.
 */
export const crossValidate = async (input: CrossValidateInput): Promise<CrossValidation> => {
  checkLabelled(input)
  checkMetrics(input.metrics)
  const { folds, estimator } = input
  const count = Array.isArray(folds) ? folds.length : folds.count
  const workers =
    input.workers ?? (typeof estimator === "function" ? 1 : defaultWorkers(count ?? Number.MAX_SAFE_INTEGER))
  await using runner = openRunner(input, workers)
  return await validateFolds(runner, { ...input, estimatorOf: () => estimator, total: count })
}

interface ValidateFolds
  extends Pick<CrossValidateInput, "metrics" | "trainScores" | "random" | "onProgress"> {
  readonly estimatorOf: (fold: number) => EstimatorSpec | FitFunction
  readonly features: { readonly rows: number }
  readonly folds: Iterable<Fold>
  readonly total?: number
  readonly onLoss?: RunControl["onLoss"]
  /** Called with each fold's result, in the order of the folds. True stops the rest. */
  readonly onFold?: (fold: number, result: FoldResult) => boolean
  readonly signal?: AbortSignal
}

/** Cross-validation on a runner that others may use too. The folds not reached when `onFold` stops are missing. */
export const validateFolds = async (runner: FoldRunner, input: ValidateFolds): Promise<CrossValidation> => {
  const { estimatorOf, random = createRandom(0), trainScores = false, onLoss } = input
  const started = performance.now()
  const rows = input.features.rows
  const tests: Int32Array[] = []
  const outcomes: { result: FoldResult; outcome: FoldOutcome }[] = []
  const running = new Set<Promise<void>>()
  // A failure, or a fold that stops the rest, ends the other fits.
  const ender = new AbortController()
  const signal = input.signal ? AbortSignal.any([input.signal, ender.signal]) : ender.signal
  let failure: { readonly error: unknown } | undefined
  let stopped = false
  let inOrder = 0
  let done = 0

  const judge = async (number: number, fold: Fold): Promise<void> => {
    try {
      const estimator = estimatorOf(number)
      const seed = seedOf(random, `fold ${number}`)
      const task = { ...fold, estimator, metrics: input.metrics, trainScores, seed }
      const outcome = await runner.run(task, { onLoss, signal })
      const { predicted: _, ...rest } = outcome
      outcomes[number] = {
        result: { trainRows: fold.train.length, testRows: fold.test.length, ...rest },
        outcome,
      }
      input.onProgress?.({ done: ++done, total: input.total, unit: "folds" })
      for (; !stopped && outcomes[inOrder] !== undefined; inOrder++)
        if (input.onFold?.(inOrder, outcomes[inOrder].result)) stopped = true
      if (stopped) ender.abort()
    } catch (error) {
      if (failure === undefined && !stopped) failure = { error: inFold(number, error) }
      ender.abort()
    }
  }

  let number = 0
  for (const fold of input.folds) {
    while (running.size >= runner.workers) await Promise.race(running)
    throwIfAborted(input.signal)
    if (stopped || failure !== undefined) break
    checkFold(fold, number, rows)
    tests.push(fold.test)
    const job: Promise<void> = judge(number, fold).finally(() => running.delete(job))
    running.add(job)
    number++
  }
  await Promise.all(running)
  throwIfAborted(input.signal)
  if (failure !== undefined) throw failure.error
  if (number === 0) throw new RoadmapError("INVALID_INPUT", "There are no folds to cross-validate on.")
  const finished = stopped ? outcomes.slice(0, inOrder + 1) : outcomes
  return {
    folds: finished.map(({ result }) => result),
    metrics: summarise(
      input.metrics,
      finished.map(({ result }) => result),
    ),
    ...outOfFold(
      rows,
      finished.map(({ outcome }, fold) => ({ test: tests[fold], predicted: outcome.predicted })),
    ),
    seconds: (performance.now() - started) / 1000,
  }
}

/** Throws INVALID_INPUT for a target or weights of another length than the features. */
export const checkLabelled = ({ features, target, weights }: LabelledRows): void => {
  for (const [name, values] of Object.entries({ target, weights }))
    if (values !== undefined && values.length !== features.rows)
      throw new RoadmapError(
        "INVALID_INPUT",
        `${name} has ${values.length} values; the features have ${features.rows} rows.`,
      )
}

/** Throws INVALID_INPUT for a metric that does not exist, or none. */
export const checkMetrics = (names: readonly string[]): void => {
  const wrong = names.find(name => !Object.hasOwn(metrics, name))
  if (wrong !== undefined || names.length === 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      wrong ? `There is no metric "${wrong}".` : "There are no metrics.",
      {
        hint: `Metrics: ${Object.keys(metrics).join(", ")}.`,
      },
    )
}

/** A splitter's folds are right; folds made by hand may not be. */
const checkFold = ({ train, test }: Fold, number: number, rows: number): void => {
  for (const [side, chosen] of [
    ["training", train],
    ["test", test],
  ] as const) {
    if (chosen.length === 0)
      throw new RoadmapError("INVALID_INPUT", `Fold ${number + 1} has no ${side} rows.`)
    for (const row of chosen)
      if (row < 0 || row >= rows)
        throw new RoadmapError(
          "INVALID_INPUT",
          `Fold ${number + 1} has the ${side} row ${row} of ${rows} rows.`,
        )
  }
  const isTested = new Uint8Array(rows)
  for (const row of test) isTested[row] = 1
  const both = train.find(row => isTested[row] === 1)
  if (both !== undefined)
    throw new RoadmapError("INVALID_INPUT", `Fold ${number + 1} has row ${both} in both train and test.`)
}

const inFold = (number: number, error: unknown): unknown =>
  error instanceof RoadmapError && error.code !== "INTERRUPTED"
    ? new RoadmapError(error.code, `Fold ${number + 1}: ${error.message}`, {
        hint: error.hint,
        retryable: error.retryable,
        cause: error,
      })
    : error

const summarise = (names: readonly MetricName[], folds: readonly FoldResult[]) =>
  Object.fromEntries(
    names.map(name => {
      const values = Float64Array.from(folds, ({ scores }) => scores[name])
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      return [name, { mean, deviation: standardDeviation(values) }]
    }),
  )

const outOfFold = (
  rows: number,
  folds: readonly { readonly test: Int32Array; readonly predicted: Float64Array }[],
) => {
  const predicted = new Float64Array(rows)
  const timesTested = new Uint16Array(rows)
  for (const fold of folds)
    fold.test.forEach((row, i) => {
      predicted[row] += fold.predicted[i]
      timesTested[row]++
    })
  for (let row = 0; row < rows; row++) predicted[row] /= timesTested[row]
  return { predicted, timesTested }
}
