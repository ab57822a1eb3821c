// mistake: not-paired
import type { Comparison, Rows } from "../solution.ts"

const meanOf = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length
const varianceOf = (scores: readonly number[]) =>
  scores.reduce((sum, score) => sum + (score - meanOf(scores)) ** 2, 0) / (scores.length - 1)

export const compareScores = (
  first: readonly number[],
  second: readonly number[],
  rows: Rows,
  critical: number,
): Comparison => {
  if (first.length < 2) throw new Error("too few folds")
  const difference = meanOf(first) - meanOf(second)
  const variance = varianceOf(first) + varianceOf(second)
  const margin = critical * Math.sqrt(variance * (1 / first.length + rows.test / rows.train))
  const [low, high] = [difference - margin, difference + margin]
  return { difference, low, high, decision: low > 0 ? "first" : high < 0 ? "second" : "not proven" }
}
