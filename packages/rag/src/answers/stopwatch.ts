/** Milliseconds by stage, on a clock that never goes back. */
export interface Stopwatch {
  readonly timings: Record<string, number>
  start(stage: string): void
  stop(stage: string): void
  time<T>(stage: string, work: () => Promise<T>): Promise<T>
  /** All stages, and `total` since the stopwatch was made. */
  finish(): Record<string, number>
}

export const createStopwatch = (): Stopwatch => {
  const began = performance.now()
  const timings: Record<string, number> = {}
  const since = new Map<string, number>()
  const stopwatch: Stopwatch = {
    timings,
    start: stage => since.set(stage, performance.now()),
    stop(stage) {
      timings[stage] = performance.now() - (since.get(stage) ?? performance.now())
    },
    async time(stage, work) {
      stopwatch.start(stage)
      try {
        return await work()
      } finally {
        stopwatch.stop(stage)
      }
    },
    finish: () => ({ ...timings, total: performance.now() - began }),
  }
  return stopwatch
}
