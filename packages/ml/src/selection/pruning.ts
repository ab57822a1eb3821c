import { weightedMedian } from "../metrics/median.ts"
import { type Direction, isBetter, type Trial } from "./trial.ts"

export interface MedianPruning {
  /** Complete trials that must have reported a step before it is judged by. Default 5. */
  readonly startup?: number
  /** Steps below this one are never judged by. Default 0. */
  readonly warmupSteps?: number
}

/**
 * The median stopping rule (Golovin et al., Google Vizier, KDD 2017, in Optuna's form): stop when the best
 * value reported so far is worse than the median of what complete trials reported at this step.
 */
export const shouldPrune = (
  { startup = 5, warmupSteps = 0 }: MedianPruning,
  trial: { readonly step: number; readonly best: number },
  { others, direction }: { readonly others: readonly Trial[]; readonly direction: Direction },
): boolean => {
  if (trial.step < warmupSteps) return false
  const atStep = others.flatMap(({ state, intermediate }) =>
    state === "complete"
      ? intermediate.filter(({ step }) => step === trial.step).map(({ value }) => value)
      : [],
  )
  if (atStep.length < Math.max(1, startup)) return false
  return isBetter(weightedMedian(Float64Array.from(atStep), undefined), trial.best, direction)
}
