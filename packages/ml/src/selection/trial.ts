import type { Configuration } from "./space.ts"

/** One evaluation of the objective, finished. Plain data: what a run of a tracking store needs. */
export interface Trial {
  /** 0, 1, … in the order of suggestion: who resumes a search gives it back unchanged. */
  readonly number: number
  readonly parameters: Configuration
  /** What successive halving granted it, in the unit of `resource`; undefined for other methods. */
  readonly resource: number | undefined
  /** "pruned": told to stop by the pruner. "failed": the objective threw, or returned no finite number. */
  readonly state: "complete" | "pruned" | "failed"
  /** The objective; undefined unless complete. */
  readonly value: number | undefined
  /** What the objective reported on its way, in order. */
  readonly intermediate: readonly { readonly step: number; readonly value: number }[]
  /** Named numbers the objective gave beside its value, such as other metrics. */
  readonly metrics: Readonly<Record<string, number>>
  readonly error: { readonly code: string; readonly message: string } | undefined
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly seconds: number
}

export type Direction = "minimize" | "maximize"

/** True when `a` is better than `b`. */
export const isBetter = (a: number, b: number, direction: Direction): boolean =>
  direction === "minimize" ? a < b : a > b

/** The best complete trial: of those with the largest resource, when resources differ; of equals the first. */
export const bestTrial = (trials: Iterable<Trial>, direction: Direction): Trial | undefined => {
  let best: Trial | undefined
  for (const trial of trials) if (trial.state === "complete" && outranks(trial, best, direction)) best = trial
  return best
}

export interface HistoryPoint {
  readonly number: number
  readonly value: number | undefined
  /** The best value so far (at the largest resource so far); undefined before the first complete trial. */
  readonly best: number | undefined
}

/** Best-so-far curve over the trials in order of number. */
export const historyOf = (trials: readonly Trial[], direction: Direction): HistoryPoint[] => {
  let best: Trial | undefined
  return trials.map(trial => {
    if (trial.state === "complete" && outranks(trial, best, direction)) best = trial
    return { number: trial.number, value: trial.value, best: best?.value }
  })
}

const outranks = (trial: Trial, best: Trial | undefined, direction: Direction): boolean => {
  if (best === undefined) return true
  const more = (trial.resource ?? 0) - (best.resource ?? 0)
  return more === 0 ? isBetter(trial.value!, best.value!, direction) : more > 0
}
