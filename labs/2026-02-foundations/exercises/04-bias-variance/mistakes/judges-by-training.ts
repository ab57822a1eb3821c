// mistake: judges-by-training
import type { CurvePoint, Goal, Reading } from "../solution.ts"

export const readCurve = (points: readonly CurvePoint[], { better, wanted, worthwhile }: Goal): Reading => {
  const sign = better === "lower" ? 1 : -1
  const [last, before] = points.toSorted((a, b) => b.size - a.size)
  const gap = sign * (last.validation - last.train)
  if (sign * (last.train - wanted) <= 0) return { verdict: "done", gap }
  if (sign * (before.validation - last.validation) >= worthwhile) return { verdict: "more rows", gap }
  return { verdict: gap > 0 ? "simpler model or regularise" : "more flexible model", gap }
}
