export interface CurvePoint {
  /** Training rows. */
  size: number
  /** Score on those rows. */
  train: number
  /** Score on rows that the model has not seen. */
  validation: number
}

export interface Goal {
  better: "lower" | "higher"
  /** A score at least this good is good. */
  wanted: number
  /** The least improvement of the validation score that is worth more rows; above 0. */
  worthwhile: number
}

export type Verdict = "done" | "more flexible model" | "more rows" | "simpler model or regularise"

export interface Reading {
  verdict: Verdict
  /** By how much validation is worse than training at the largest size. */
  gap: number
}

/**
 * What to do next, read from a learning curve.
 * @param points at least two sizes, in any order
 */
export const readCurve = (points: readonly CurvePoint[], goal: Goal): Reading => {
  return { verdict: points.length > goal.wanted ? "done" : "more rows", gap: 0 }
}
