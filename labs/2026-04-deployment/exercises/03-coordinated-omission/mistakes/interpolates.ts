// mistake: interpolates
import type { Latencies } from "../solution.ts"

export const latencies = (
  took: readonly number[],
  interval: number,
  percentiles: readonly number[],
): Latencies => {
  if (took.length === 0) throw new Error("no request was sent: there are no percentiles")
  const waited: number[] = []
  let answered = 0
  for (const [i, time] of took.entries()) {
    const due = i * interval
    const sent = Math.max(due, answered)
    answered = sent + time
    waited.push(answered - due)
  }
  const percentilesOf = (values: readonly number[]): number[] => {
    const sorted = [...values].sort((a, b) => a - b)
    return percentiles.map(p => {
      const place = (p / 100) * (sorted.length - 1)
      const [below, above] = [Math.floor(place), Math.ceil(place)]
      return sorted[below] + (place - below) * (sorted[above] - sorted[below])
    })
  }
  return { service: percentilesOf(took), response: percentilesOf(waited) }
}
