// mistake: resamples-rows
import type { Random } from "@roadmap/core/random"
import type { Comparison, Row } from "../solution.ts"

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

export const compareToBaseline = (
  rows: readonly Row[],
  better: "lower" | "higher",
  random: Random,
): Comparison => {
  if (new Set(rows.map(row => row.day)).size < 2) throw new Error("too few days")
  const gains = rows.map(({ baseline, model }) => (better === "higher" ? model - baseline : baseline - model))
  const draws = Array.from({ length: 1_000 }, () => {
    let sum = 0
    for (let i = 0; i < gains.length; i++) sum += gains[random.integer(gains.length)]
    return sum / gains.length
  }).sort((a, b) => a - b)
  const [low, high] = [draws[25], draws[974]]
  return { gain: mean(gains), low, high, decision: low > 0 ? "better" : high < 0 ? "worse" : "not proven" }
}
