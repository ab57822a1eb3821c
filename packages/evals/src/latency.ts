import { sortedQuantile } from "@roadmap/ml/metrics/median"

/** A measurement of this machine in this moment: to be compared within one run only. */
export interface Latency {
  p50Milliseconds: number
  p95Milliseconds: number
}

export const latencyOf = (milliseconds: readonly number[]): Latency => {
  const sorted = Float64Array.from(milliseconds).sort()
  return { p50Milliseconds: sortedQuantile(sorted, 0.5), p95Milliseconds: sortedQuantile(sorted, 0.95) }
}
