import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom } from "@roadmap/core/random"
import { takeValues } from "../rows.ts"
import type { Fold } from "../split/fold.ts"
import { type CrossValidation, checkLabelled, checkMetrics, validateFolds } from "./cross-validate.ts"
import { seedOf } from "./estimator.ts"
import { defaultWorkers, openRunner } from "./pool.ts"
import { shareFold } from "./rows.ts"
import type { SearchResult } from "./search.ts"
import type { Configuration } from "./space.ts"
import type { Trial } from "./trial.ts"
import { type TuneInput, tuneOn } from "./tune.ts"

export interface NestedInput extends Omit<TuneInput, "folds" | "onTrial" | "resumeFrom"> {
  readonly outer: Iterable<Fold>
  /**
   * The folds to tune on within an outer fold's training rows. Row numbers count within `train`, which lists
   * the rows themselves: `train => kFold({ rows: train.length, folds: 3 })`.
   */
  readonly inner: (train: Int32Array) => Iterable<Fold>
  readonly onTrial?: (outerFold: number, trial: Trial) => void | Promise<void>
}

export interface NestedCrossValidation extends CrossValidation {
  /** The best parameters of each outer fold: how much they differ shows how sure the choice is. */
  readonly chosen: readonly Configuration[]
  readonly searches: readonly SearchResult[]
}

/**
 * Nested cross-validation (Cawley and Talbot, JMLR 2010): tunes within each outer fold's training rows, fits
 * the best parameters on all of them and judges that model on the outer test rows, which took no part in the
 * choice. The score is that of tuning and fitting together; `tune`'s own best value is too good. Throws as
 * `tune` does.
 */
export const nestedCrossValidate = async (input: NestedInput): Promise<NestedCrossValidation> => {
  checkLabelled(input)
  checkMetrics(input.metrics)
  const { random = createRandom(0), signal } = input
  const outer = [...input.outer]
  if (outer.length === 0) throw new RoadmapError("INVALID_INPUT", "There are no outer folds.")
  await using runner = openRunner(input, input.workers ?? defaultWorkers(Number.MAX_SAFE_INTEGER))
  const searches: SearchResult[] = []
  for (const [number, { train }] of outer.entries()) {
    throwIfAborted(signal)
    const folds = Array.from(input.inner(train), fold =>
      shareFold({ train: takeValues(train, fold.train), test: takeValues(train, fold.test) }),
    )
    searches.push(
      await tuneOn(runner, {
        ...input,
        folds,
        random: createRandom(seedOf(random, `outer ${number}`)),
        onTrial: trial => input.onTrial?.(number, trial),
      }),
    )
  }
  const chosen = searches.map(({ best }) => best)
  const validation = await validateFolds(runner, {
    ...input,
    folds: outer,
    estimatorOf: fold => input.estimator(chosen[fold].parameters, chosen[fold].resource),
    random: createRandom(seedOf(random, "refit")),
  })
  return { ...validation, chosen: chosen.map(({ parameters }) => parameters), searches }
}
