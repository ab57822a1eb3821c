import { RoadmapError } from "./errors.ts"

export interface RetryOptions {
  /** Attempts in all, the first included. Default 4. */
  attempts?: number
  /** First pause in milliseconds; doubles each time, with full jitter. Default 100. */
  baseMs?: number
  /** Longest pause in milliseconds. Default 5,000. */
  maxMs?: number
  signal?: AbortSignal
  /** Uniform in [0, 1); the source of the jitter. Default Math.random. */
  random?: () => number
}

/** Waits, or rejects with INTERRUPTED as soon as the signal aborts. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(interrupted(signal))
    const onAbort = () => {
      clearTimeout(timer)
      reject(interrupted(signal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort)
      resolve()
    }, ms)
    signal?.addEventListener("abort", onAbort, { once: true })
  })

/**
 * Calls `work` until it succeeds, fails with an error that is not `retryable`, or attempts run out
 * (exponential back-off with full jitter: Brooker, AWS Architecture Blog, 2015).
 */
export const retry = async <T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> => {
  const { attempts = 4, baseMs = 100, maxMs = 5_000, signal, random = Math.random } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (attempt >= attempts || !(error instanceof RoadmapError && error.retryable)) throw error
      await sleep(random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1)), signal)
    }
  }
}

/** Throws INTERRUPTED when the signal has aborted. Call it between pieces of work. */
export const throwIfAborted = (signal?: AbortSignal): void => {
  if (signal?.aborted) throw interrupted(signal)
}

/** Lets waiting events in (a Ctrl-C among them), then throws INTERRUPTED if the signal has aborted. */
export const breathe = async (signal?: AbortSignal): Promise<void> => {
  await new Promise(setImmediate)
  throwIfAborted(signal)
}

const interrupted = (signal?: AbortSignal) =>
  signal?.reason instanceof RoadmapError
    ? signal.reason
    : new RoadmapError("INTERRUPTED", "Interrupted.", { hint: "Run the same command again: it resumes." })
