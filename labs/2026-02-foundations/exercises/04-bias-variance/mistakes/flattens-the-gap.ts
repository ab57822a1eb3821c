// mistake: flattens-the-gap
import type { CurvePoint, Goal, Reading } from "../solution.ts"

export const readCurve = (points: readonly CurvePoint[], { better, wanted, worthwhile }: Goal): Reading => {
  const sign = better === "lower" ? 1 : -1
  const [last, before] = points.toSorted((a, b) => b.size - a.size)
  const gap = Math.abs(last.validation - last.train)
  if (sign * (last.validation - wanted) <= 0) return { verdict: "done", gap }
  if (sign * (last.train - wanted) > 0) return { verdict: "more flexible model", gap }
  const gained = sign * (before.validation - last.validation)
  return { verdict: gained >= worthwhile ? "more rows" : "simpler model or regularise", gap }
}
