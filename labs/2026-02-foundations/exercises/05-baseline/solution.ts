import type { Random } from "@roadmap/core/random"

export interface Row {
  day: number
  baseline: number
  model: number
}

export interface Comparison {
  gain: number
  low: number
  high: number
  decision: "better" | "worse" | "not proven"
}

const replicates = 1_000

/** Paired bootstrap over days: is the model better than the baseline, beyond chance? */
export const compareToBaseline = (
  rows: readonly Row[],
  better: "lower" | "higher",
  random: Random,
): Comparison => {
  const sign = better === "higher" ? 1 : -1
  const byDay = new Map<number, { rows: number; gain: number }>()
  for (const { day, baseline, model } of rows) {
    const sums = byDay.get(day) ?? { rows: 0, gain: 0 }
    byDay.set(day, { rows: sums.rows + 1, gain: sums.gain + sign * (model - baseline) })
  }
  if (byDay.size < 2) throw new Error("At least two days are needed to see how days differ.")
  const days = [...byDay.values()]
  const gains = Array.from({ length: replicates }, () =>
    meanGain(days.map(() => days[random.integer(days.length)])),
  ).sort((a, b) => a - b)
  const low = gains[Math.round(0.025 * (replicates - 1))]
  const high = gains[Math.round(0.975 * (replicates - 1))]
  const decision = low > 0 ? "better" : high < 0 ? "worse" : "not proven"
  return { gain: meanGain(days), low, high, decision }
}

const meanGain = (days: readonly { rows: number; gain: number }[]): number => {
  const gain = days.reduce((sum, day) => sum + day.gain, 0)
  return gain / days.reduce((sum, day) => sum + day.rows, 0)
}
