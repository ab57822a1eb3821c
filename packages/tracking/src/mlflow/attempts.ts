import { sleep } from "@roadmap/core/async"
import type { Failure } from "./failures.ts"

/** Carries the failure of one attempt to the loop around it; the client lets none of them out. */
export class Failed extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.error.message)
    this.failure = failure
  }
}

export interface Repeating {
  deadlineMs: number
  signal?: AbortSignal
  random: () => number
}

const [firstPauseMs, longestPauseMs] = [200, 10_000]

/**
 * Attempts until one succeeds, none may follow, or the deadline would pass in the pause: the server's Retry-After, else
 * exponential back-off with full jitter (Brooker, AWS Architecture Blog, 2015). After a failure that leaves open whether
 * the work was done, `recover` says what it found, or that it may be done again. `once` learns whether it is.
 */
export const repeating =
  ({ deadlineMs, signal, random }: Repeating) =>
  async <T>(
    once: (again: boolean) => Promise<T>,
    recover: () => Promise<{ answer: T } | "again">,
    within = deadlineMs,
  ): Promise<T> => {
    const deadline = Date.now() + within
    let again = false
    for (let count = 0; ; count++) {
      try {
        return await once(again)
      } catch (thrown) {
        if (!(thrown instanceof Failed)) throw thrown
        const { failure } = thrown
        const pause = failure.retryAfter ?? random() * Math.min(longestPauseMs, firstPauseMs * 2 ** count)
        if (!failure.again || Date.now() + pause >= deadline) throw failure.error
        await sleep(pause, signal)
        if (!failure.maybeDone) continue
        const found = await recover()
        if (found !== "again") return found.answer
        again = true
      }
    }
  }
