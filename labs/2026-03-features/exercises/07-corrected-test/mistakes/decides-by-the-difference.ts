// mistake: decides-by-the-difference
import type { Comparison, Rows } from "../solution.ts"

export const compareScores = (
  first: readonly number[],
  second: readonly number[],
  rows: Rows,
  critical: number,
): Comparison => {
  const folds = first.length
  if (folds < 2) throw new Error("too few folds")
  const differences = first.map((score, fold) => score - second[fold])
  const difference = differences.reduce((sum, one) => sum + one, 0) / folds
  const variance = differences.reduce((sum, one) => sum + (one - difference) ** 2, 0) / (folds - 1)
  const margin = critical * Math.sqrt(variance * (1 / folds + rows.test / rows.train))
  const [low, high] = [difference - margin, difference + margin]
  return { difference, low, high, decision: difference > 0 ? "first" : "second" }
}
