export interface Latencies {
  /** From really sent to answered, in milliseconds: one for each percentile asked. */
  service: number[]
  /** From meant to be sent to answered. */
  response: number[]
}

/**
 * Percentiles as the generator saw them, and as those saw them who came when they were meant to come.
 * @param took milliseconds from really sent to answered, in the order of sending
 * @param interval milliseconds between two requests as planned; the first is due at 0
 * @param percentiles 0 to 100, in any order
 */
export const latencies = (
  took: readonly number[],
  interval: number,
  percentiles: readonly number[],
): Latencies => {
  return { service: percentiles.map(() => interval), response: percentiles.map(() => took.length) }
}
