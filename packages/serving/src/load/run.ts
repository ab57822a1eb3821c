import { Worker } from "node:worker_threads"
import { throwIfAborted } from "@roadmap/core/async"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { type Arrivals, rateAt } from "./arrivals.ts"
import { type Failure, failures } from "./dispatch.ts"
import { type LoadProgress, sliceSecondsOf } from "./generate.ts"
import { createHistogram, type Percentiles, percentilesOf } from "./histogram.ts"
import type { Counts } from "./ledger.ts"
import { type LoadOptions, type LoadPlan, planLoad } from "./options.ts"
import type { GeneratorMessage } from "./worker.ts"

export type { LoadOptions } from "./options.ts"

export interface LoadReport {
  url: string
  method: string
  arrivals: Arrivals
  seconds: number
  warmupSeconds: number
  connections: number
  timeoutMs: number
  seed: number
  /** Of the measured time. `failed` is the sum of `errors`. */
  requests: { scheduled: number; sent: number; ok: number; failed: number }
  /** Requests a second of the measured time. */
  rate: { scheduled: number; ok: number }
  /**
   * Milliseconds of the good answers, and of the requests that were given up. `corrected` counts from the moment a request
   * was due, `naive` from the moment it was sent, which leaves out how long it had to wait for the answers before it
   * (coordinated omission: Tene, "How NOT to Measure Latency", 2013).
   */
  latency: { corrected: Percentiles; naive: Percentiles }
  errors: Record<Failure, number>
  statuses: Record<string, number>
  /** How much too late the generator itself took requests up: what its figures cannot be finer than. */
  generator: { lateMs: Percentiles; receivedBytes: number }
  /** Stretches of the measured time, by when requests were due. */
  slices: LoadSlice[]
  /** Shares of the requests and the latency they did not exceed, for a curve. */
  distribution: { share: number; corrected: number; naive: number }[]
}

export interface LoadSlice {
  fromSeconds: number
  toSeconds: number
  /** Requests a second that were meant at its start. */
  rate: number
  scheduled: number
  ok: number
  failed: number
  p50: number | null
  p99: number | null
  max: number | null
}

export interface RunLoadOptions {
  signal?: AbortSignal
  /** Four times a second. */
  onProgress?: (progress: LoadProgress) => void
}

/**
 * Sends requests at the moments the arrivals say, whether or not the server keeps up, and measures what happens. It runs
 * in a thread of its own, which it keeps busy. Throws INVALID_INPUT for wrong options, UNREACHABLE when the server takes no
 * connection at the start, WORKER_DIED, and INTERRUPTED; failures in mid run are counted, not thrown.
 */
export const runLoad = async (
  options: LoadOptions,
  { signal, onProgress }: RunLoadOptions = {},
): Promise<LoadReport> => {
  const plan = planLoad(options)
  throwIfAborted(signal)
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: plan,
    name: "load",
    // Room for what dies young: collections then come seldom and copy next to nothing.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  })
  const abort = new AbortController()
  try {
    return reportOf(plan, await countsOf(worker, signal, abort.signal, onProgress))
  } finally {
    abort.abort()
    await worker.terminate()
  }
}

const countsOf = (
  worker: Worker,
  signal: AbortSignal | undefined,
  over: AbortSignal,
  onProgress: RunLoadOptions["onProgress"],
): Promise<Counts> =>
  new Promise((resolve, reject) => {
    const interrupt = () => {
      const { reason } = signal!
      reject(reason instanceof RoadmapError ? reason : new RoadmapError("INTERRUPTED", "Interrupted."))
    }
    signal?.addEventListener("abort", interrupt, { once: true, signal: over })
    const died = (cause: unknown) =>
      reject(
        new RoadmapError("WORKER_DIED", "The load generator's thread ended in mid run.", {
          hint: "Try again; if memory was short, use fewer connections.",
          cause,
        }),
      )
    worker.once("error", died)
    worker.once("exit", died)
    worker.on("message", (message: GeneratorMessage) => {
      if ("progress" in message) onProgress?.(message.progress)
      else if ("counts" in message) resolve(message.counts)
      else {
        const { code, message: text, hint } = message.error
        reject(new RoadmapError(code as ErrorCode, text, { hint }))
      }
    })
  })

/** Figures of a run from its counts. */
export const reportOf = (plan: LoadPlan, counts: Counts): LoadReport => {
  const corrected = createHistogram(counts.corrected)
  const naive = createHistogram(counts.naive)
  const { seconds } = plan
  const sliceSeconds = sliceSecondsOf(plan)
  return {
    url: withoutUser(plan.url),
    method: plan.method,
    arrivals: plan.arrivals,
    seconds,
    warmupSeconds: plan.warmupSeconds,
    connections: plan.connections,
    timeoutMs: plan.timeoutMs,
    seed: plan.seed,
    requests: {
      scheduled: counts.scheduled,
      sent: counts.sent,
      ok: counts.ok,
      failed: failures.reduce((sum, failure) => sum + counts.errors[failure], 0),
    },
    rate: { scheduled: counts.scheduled / seconds, ok: counts.ok / seconds },
    latency: { corrected: percentilesOf(corrected), naive: percentilesOf(naive) },
    errors: { ...counts.errors },
    statuses: { ...counts.statuses },
    generator: {
      lateMs: percentilesOf(createHistogram(counts.lateness)),
      receivedBytes: counts.receivedBytes,
    },
    slices: counts.slices.map((slice, index) => {
      const { p50, p99, max } = percentilesOf(createHistogram(slice.corrected))
      const fromSeconds = index * sliceSeconds
      return {
        fromSeconds,
        toSeconds: fromSeconds + sliceSeconds,
        rate: rateAt(plan.arrivals, fromSeconds),
        scheduled: slice.scheduled,
        ok: slice.ok,
        failed: slice.failed,
        p50,
        p99,
        max,
      }
    }),
    distribution:
      corrected.count === 0
        ? []
        : curve(corrected.count).map(share => ({
            share,
            corrected: corrected.quantile(share),
            naive: naive.quantile(share),
          })),
  }
}

/** Ten points to a decade of rarity, as far as `count` values reach. */
const curve = (count: number): number[] => {
  const shares = [0]
  for (let step = 1; 10 ** (step / 10) <= count; step++) shares.push(1 - 10 ** (-step / 10))
  return [...shares, 1]
}

const withoutUser = (text: string): string => {
  const url = new URL(text)
  url.username = ""
  url.password = ""
  return url.href
}
