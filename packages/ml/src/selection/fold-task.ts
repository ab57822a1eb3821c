import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, type Random } from "@roadmap/core/random"
import { type MetricName, metrics } from "../metrics/catalog.ts"
import type { Model } from "../model.ts"
import type { Fold } from "../split/fold.ts"
import { type EstimatorSpec, fitEstimator, responseOf, treesOf } from "./estimator.ts"
import type { LabelledRows } from "./holdout.ts"
import { viewRows } from "./rows.ts"

/** Fits on these rows. It runs in the calling thread: a function cannot be sent to another. */
export type FitFunction = (
  input: LabelledRows & { readonly random: Random; readonly signal?: AbortSignal },
) => Model | Promise<Model>

/** One fit and its judgement. */
export interface FoldTask extends Fold {
  readonly estimator: EstimatorSpec | FitFunction
  readonly metrics: readonly MetricName[]
  readonly seed: number
  /** Also score the training rows. */
  readonly trainScores: boolean
}

export interface FoldOutcome {
  /** The response for each test row. */
  readonly predicted: Float64Array
  readonly scores: Readonly<Record<string, number>>
  readonly trainScores: Readonly<Record<string, number>> | undefined
  /** Trees of the model, if it has any. */
  readonly trees: number | undefined
  readonly fitSeconds: number
  readonly predictSeconds: number
}

export interface FoldControl {
  readonly threads?: number
  readonly onLoss?: (tree: number, loss: number) => void
  /** Asked between trees and iterations; true ends the fit. */
  readonly isStopped?: () => boolean
  readonly signal?: AbortSignal
}

/** Fits and judges one fold in this thread. The outcome depends on rows and task alone. */
export const runFold = async (
  rows: LabelledRows,
  task: FoldTask,
  { threads, onLoss, isStopped, signal }: FoldControl = {},
): Promise<FoldOutcome> => {
  const stopIfTold = (): void => {
    if (isStopped?.()) throw new RoadmapError("INTERRUPTED", "The fit was stopped.")
  }
  const started = performance.now()
  const train = viewRows(rows, task.train)
  const random = createRandom(task.seed)
  const { estimator } = task
  const model =
    typeof estimator === "function"
      ? await estimator({ ...train, random, signal })
      : await fitEstimator({
          ...train,
          estimator,
          random,
          threads,
          signal,
          onProgress: stopIfTold,
          onLoss: (tree, loss) => {
            onLoss?.(tree, loss)
            stopIfTold()
          },
        })
  const fitted = performance.now()
  const test = viewRows(rows, task.test)
  const predicted = responseOf(model, test.features)
  const scores = score(task.metrics, test, predicted)
  const predictedAt = performance.now()
  return {
    predicted,
    scores,
    trainScores: task.trainScores ? score(task.metrics, train, responseOf(model, train.features)) : undefined,
    trees: treesOf(model),
    fitSeconds: (fitted - started) / 1000,
    predictSeconds: (predictedAt - fitted) / 1000,
  }
}

const score = (names: readonly MetricName[], { target, weights }: LabelledRows, predicted: Float64Array) =>
  Object.fromEntries(names.map(name => [name, metrics[name].compute(target, predicted, { weights })]))
