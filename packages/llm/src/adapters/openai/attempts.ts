import { sleep } from "@roadmap/core/async"
import { isRoadmapError, type RoadmapError } from "@roadmap/core/errors"
import { failureOf } from "../../failure.ts"

export interface AttemptOptions {
  /** In all, the first included. Default 3. */
  attempts?: number
  /** Longest wait that a provider may ask for; a longer one is the caller's to decide. Default 20 s. */
  longestWaitMs?: number
  /** First pause of the back-off, milliseconds; doubles, with full jitter. Default 500. */
  baseMs?: number
  signal?: AbortSignal
  random?: () => number
}

/**
 * Calls `work` again after failures that may pass, at the earliest when the provider says (Retry-After), with jitter on
 * top, so that many clients do not come back at the same moment. The last error is thrown.
 */
export const attempt = async <T>(work: () => Promise<T>, options: AttemptOptions = {}): Promise<T> => {
  const { attempts = 3, longestWaitMs = 20_000, baseMs = 500, signal, random = Math.random } = options
  for (let tried = 1; ; tried++) {
    try {
      return await work()
    } catch (error) {
      if (tried >= attempts || !isRoadmapError(error) || !error.retryable) throw error
      // Whoever has waited a whole deadline is told, instead of waiting as long again.
      if (error.code === "TIMEOUT") throw error
      const asked = askedWait(error)
      if (asked > longestWaitMs) throw error
      await sleep(asked + random() * baseMs * 2 ** (tried - 1), signal)
    }
  }
}

const askedWait = (error: RoadmapError): number => failureOf(error)?.retryAfterMs ?? 0
