import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom, shuffle } from "@roadmap/core/random"
import { type MetricName, metrics } from "../metrics/catalog.ts"
import type { Fold } from "../split/fold.ts"
import { checkLabelled, checkMetrics, validateFolds } from "./cross-validate.ts"
import { type EstimatorSpec, seedOf } from "./estimator.ts"
import type { FitFunction } from "./fold-task.ts"
import type { LabelledRows } from "./holdout.ts"
import { defaultWorkers, type FoldRunner, openRunner } from "./pool.ts"
import { shareFold } from "./rows.ts"
import { type Objective, type SearchOptions, type SearchResult, search } from "./search.ts"
import type { Configuration } from "./space.ts"

export interface TuneInput extends LabelledRows, Omit<SearchOptions, "direction"> {
  /** What to fit for a configuration (and for what halving grants, when the resource is not rows). */
  readonly estimator: (parameters: Configuration, resource: number | undefined) => EstimatorSpec | FitFunction
  readonly folds: Iterable<Fold>
  /** The first is the objective, its mean over the folds; the others are kept with each trial. */
  readonly metrics: readonly MetricName[]
  /**
   * What halving grants: "share" of each fold's training rows (1 is all, so `maxResource` is 1), drawn at
   * random, larger ones holding the smaller; or something that `estimator` makes use of, such as trees.
   * Default "share".
   */
  readonly resource?: "share" | "estimator"
  /** Threads for fits, 1..64; they do not change the result. Default: one a core, as far as there is work. */
  readonly workers?: number
}

/**
 * Searches the parameters of an estimator by cross-validation: trials and folds share one set of worker
 * threads and one copy of the rows. All trials fit with the same random numbers, fold by fold. What pruning
 * sees: with one fold, the loss after each tree of boosting that has `validation` rows (negated where the
 * metric is to be high); with several folds, after fold n the mean of the metric over n folds. Determinism and errors as `search`; the number of workers
 * changes nothing but the time.
 */
export const tune = async (input: TuneInput): Promise<SearchResult> => {
  checkLabelled(input)
  checkMetrics(input.metrics)
  checkShare(input)
  throwIfAborted(input.signal)
  // Shared once here, not again for each trial.
  const folds = Array.from(input.folds, shareFold)
  await using runner = openRunner(
    input,
    input.workers ?? defaultWorkers(folds.length * (input.parallel ?? 1)),
  )
  return await tuneOn(runner, { ...input, folds })
}

/** Tuning on a runner that others may use too. */
export const tuneOn = (
  runner: FoldRunner,
  input: Omit<TuneInput, keyof LabelledRows | "folds"> & {
    readonly features: { readonly rows: number }
    readonly folds: readonly Fold[]
  },
): Promise<SearchResult> => {
  const { folds, features, estimator, random = createRandom(0) } = input
  const [metric] = input.metrics
  const { greaterIsBetter } = metrics[metric]
  const shuffled = new Map<number, Int32Array>()
  const shareOf = (fold: Fold, number: number, share: number): Fold => {
    let order = shuffled.get(number)
    if (order === undefined) {
      order = shuffle(fold.train.slice(), random.fork(`share ${number}`))
      shuffled.set(number, order)
    }
    const rows = Math.max(1, Math.round(share * order.length))
    return { train: order.slice(0, rows).sort(), test: fold.test }
  }
  const objective: Objective = async ({ parameters, resource, report, signal }) => {
    const share = resource === undefined || input.resource === "estimator" ? 1 : Math.min(1, resource)
    const fitted = estimator(parameters, resource)
    let sum = 0
    const validation = await validateFolds(runner, {
      estimatorOf: () => fitted,
      folds: share === 1 ? folds : folds.map((fold, number) => shareOf(fold, number, share)),
      metrics: input.metrics,
      features,
      random: createRandom(seedOf(random, "folds")),
      signal,
      onLoss:
        folds.length === 1 && input.pruning
          ? (tree, loss) => report(tree, greaterIsBetter ? -loss : loss)
          : undefined,
      onFold: (fold, { scores }) => {
        sum += scores[metric]
        return folds.length > 1 && report(fold + 1, sum / (fold + 1))
      },
    })
    return {
      value: validation.metrics[metric].mean,
      metrics: Object.fromEntries(input.metrics.map(name => [name, validation.metrics[name].mean])),
    }
  }
  return search({ ...input, direction: greaterIsBetter ? "maximize" : "minimize", objective })
}

const checkShare = ({ method, resource = "share" }: TuneInput): void => {
  if (!("maxResource" in method) || resource !== "share" || method.maxResource <= 1) return
  throw new RoadmapError(
    "INVALID_INPUT",
    `maxResource is ${method.maxResource}; a share of the rows is at most 1.`,
    {
      hint: 'For another resource, such as trees, give resource: "estimator" and use it in `estimator`.',
    },
  )
}
