// mistake: sign-of-errors
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
  _better: "lower" | "higher",
  random: Random,
): Comparison => {
  const days = daysOf(rows, ({ baseline, model }) => model - baseline)
  const draws = Array.from({ length: 1_000 }, () => meanOf(days.map(() => days[random.integer(days.length)])))
  draws.sort((a, b) => a - b)
  const [low, high] = [draws[25], draws[974]]
  return { gain: meanOf(days), low, high, decision: low > 0 ? "better" : high < 0 ? "worse" : "not proven" }
}
