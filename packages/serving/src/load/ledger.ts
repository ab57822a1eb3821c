import { type Failure, type Finished, failures } from "./dispatch.ts"
import { createHistogram, type Histogram, type HistogramCounts } from "./histogram.ts"

/** What one run counted, as plain data. Latencies and lateness in milliseconds. */
export interface Counts {
  readonly scheduled: number
  readonly sent: number
  readonly ok: number
  readonly errors: Readonly<Record<Failure, number>>
  readonly statuses: Readonly<Record<string, number>>
  /** From the moment a request was due. */
  readonly corrected: HistogramCounts
  /** From the moment it was sent: what a closed loop would have seen. */
  readonly naive: HistogramCounts
  /** How long after it was due the generator took a request up. */
  readonly lateness: HistogramCounts
  readonly slices: readonly SliceCounts[]
  readonly receivedBytes: number
}

/** Requests that were due in one stretch of the run. */
export interface SliceCounts {
  readonly scheduled: number
  readonly ok: number
  readonly failed: number
  readonly corrected: HistogramCounts
}

/**
 * Books every request of the measured time. A latency is that of a good answer, or of a request that was not answered in
 * time: such a one took at least as long as it was waited for, and leaving it out would praise the server for it.
 */
export interface Ledger {
  /** A request that was due at `intended` was taken up at `now`. */
  scheduled(intended: number, now: number): void
  finished(finished: Finished): void
  received(bytes: number): void
  /** Figures so far. */
  tally(): { scheduled: number; ok: number; failed: number }
  counts(): Counts
}

export const createLedger = (options: { fromMs: number; toMs: number; slices: number }): Ledger => {
  const { fromMs, toMs } = options
  const sliceMs = (toMs - fromMs) / options.slices
  const corrected = createHistogram()
  const naive = createHistogram()
  const lateness = createHistogram()
  const errors = Object.fromEntries(failures.map(failure => [failure, 0])) as Record<Failure, number>
  const statuses = new Map<number, number>()
  const slices = Array.from({ length: options.slices }, () => ({
    scheduled: 0,
    ok: 0,
    failed: 0,
    histogram: undefined as Histogram | undefined,
  }))
  let scheduled = 0
  let sent = 0
  let ok = 0
  let failed = 0
  let receivedBytes = 0
  const sliceOf = (intended: number) =>
    slices[Math.min(slices.length - 1, Math.floor((intended - fromMs) / sliceMs))]

  const latency = (slice: (typeof slices)[number], finished: Finished): void => {
    const took = finished.ended - finished.intended
    corrected.record(took)
    slice.histogram ??= createHistogram()
    slice.histogram.record(took)
    if (!Number.isNaN(finished.sent)) naive.record(finished.ended - finished.sent)
  }

  return {
    scheduled(intended, now) {
      if (intended < fromMs) return
      scheduled++
      sliceOf(intended).scheduled++
      lateness.record(now - intended)
    },
    finished(finished) {
      if (finished.intended < fromMs) return
      const { outcome } = finished
      const slice = sliceOf(finished.intended)
      if (!Number.isNaN(finished.sent)) sent++
      if ("status" in outcome) {
        statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1)
        if (outcome.status >= 200 && outcome.status < 300) {
          ok++
          slice.ok++
          latency(slice, finished)
          return
        }
      }
      const failure = "status" in outcome ? "status" : outcome.failed
      errors[failure]++
      failed++
      slice.failed++
      if (failure === "timeout" || failure === "unsent") latency(slice, finished)
    },
    received(bytes) {
      receivedBytes += bytes
    },
    tally: () => ({ scheduled, ok, failed }),
    counts: () => ({
      scheduled,
      sent,
      ok,
      errors,
      statuses: Object.fromEntries([...statuses].sort(([a], [b]) => a - b)),
      corrected: corrected.toCounts(),
      naive: naive.toCounts(),
      lateness: lateness.toCounts(),
      slices: slices.map(({ histogram, ...slice }) => ({
        ...slice,
        corrected: (histogram ?? createHistogram()).toCounts(),
      })),
      receivedBytes,
    }),
  }
}
