// mistake: takes-lower-for-better
import type { CurvePoint, Goal, Reading } from "../solution.ts"

export const readCurve = (points: readonly CurvePoint[], { wanted, worthwhile }: Goal): Reading => {
  const [last, before] = points.toSorted((a, b) => b.size - a.size)
  const gap = last.validation - last.train
  if (last.validation <= wanted) return { verdict: "done", gap }
  if (last.train > wanted) return { verdict: "more flexible model", gap }
  return {
    verdict: before.validation - last.validation >= worthwhile ? "more rows" : "simpler model or regularise",
    gap,
  }
}
