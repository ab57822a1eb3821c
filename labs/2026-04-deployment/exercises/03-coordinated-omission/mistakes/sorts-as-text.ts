// mistake: sorts-as-text
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
    const sorted = [...values].sort()
    return percentiles.map(p => sorted[Math.max(1, Math.ceil((p * sorted.length) / 100)) - 1])
  }
  return { service: percentilesOf(took), response: percentilesOf(waited) }
}
