export interface CurvePoint {
  size: number
  train: number
  validation: number
}

export interface Goal {
  better: "lower" | "higher"
  wanted: number
  worthwhile: number
}

export type Verdict = "done" | "more flexible model" | "more rows" | "simpler model or regularise"

export interface Reading {
  verdict: Verdict
  gap: number
}

/** What to do next, read from a learning curve. */
export const readCurve = (points: readonly CurvePoint[], goal: Goal): Reading => {
  const [last, before] = points.toSorted((a, b) => b.size - a.size)
  /** How much better `score` is than `other`; negative when it is worse. */
  const advantage = (score: number, other: number): number =>
    goal.better === "lower" ? other - score : score - other
  const isGood = (score: number): boolean => advantage(score, goal.wanted) >= 0
  const verdict = (): Verdict => {
    if (isGood(last.validation)) return "done"
    if (!isGood(last.train)) return "more flexible model"
    const gained = advantage(last.validation, before.validation)
    return gained >= goal.worthwhile ? "more rows" : "simpler model or regularise"
  }
  return { verdict: verdict(), gap: advantage(last.train, last.validation) }
}
