// mistake: compares-separate-intervals
import type { Random } from "@roadmap/core/random"
import type { Comparison, Row } from "../solution.ts"

/** Sum and number of values of each day. */
const daysOf = (rows: readonly Row[], value: (row: Row) => number) => {
  const days = new Map<number, { sum: number; rows: number }>()
  for (const row of rows) {
    const day = days.get(row.day) ?? { sum: 0, rows: 0 }
    days.set(row.day, { sum: day.sum + value(row), rows: day.rows + 1 })
  }
  if (days.size < 2) throw new Error("too few days")
  return [...days.values()]
}

const meanOf = (days: readonly { sum: number; rows: number }[]) =>
  days.reduce((total, day) => total + day.sum, 0) / days.reduce((total, day) => total + day.rows, 0)

export const compareToBaseline = (
  rows: readonly Row[],
  better: "lower" | "higher",
  random: Random,
): Comparison => {
  const sign = better === "higher" ? 1 : -1
  const interval = (score: (row: Row) => number) => {
    const days = daysOf(rows, row => sign * score(row))
    const draws = Array.from({ length: 1_000 }, () =>
      meanOf(days.map(() => days[random.integer(days.length)])),
    )
    draws.sort((a, b) => a - b)
    return { mean: meanOf(days), low: draws[25], high: draws[974] }
  }
  const model = interval(row => row.model)
  const baseline = interval(row => row.baseline)
  const [low, high] = [model.low - baseline.high, model.high - baseline.low]
  const decision = low > 0 ? "better" : high < 0 ? "worse" : "not proven"
  return { gain: model.mean - baseline.mean, low, high, decision }
}
