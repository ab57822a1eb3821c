import { RoadmapError } from "@roadmap/core/errors"

/** Milliseconds. */
export interface Deadlines {
  /** From asking to the first piece of the answer. Default 60 s. */
  firstTokenMs: number
  /** Between two pieces. Default 30 s. */
  betweenTokensMs: number
  /** The whole answer. Default 5 min. */
  wholeMs: number
}

export const defaultDeadlines: Deadlines = { firstTokenMs: 60_000, betweenTokensMs: 30_000, wholeMs: 300_000 }

export interface Watch extends Disposable {
  /** Aborts when the caller does, or when a deadline passes. */
  signal: AbortSignal
  /** A piece came: from now on the limit between pieces counts. Call it while waiting, not while the reader reads. */
  waiting(): void
  resting(): void
  /** The deadline that passed, if one did. */
  passed(): RoadmapError | undefined
}

/** Watches one answer. Time in which the reader of the stream is busy does not count, except for the whole. */
export const watchDeadlines = (limits: Deadlines, what: string, caller?: AbortSignal): Watch => {
  const own = new AbortController()
  let error: RoadmapError | undefined
  let first = true
  let step: NodeJS.Timeout | undefined
  const pass = (message: string) => {
    error ??= new RoadmapError("TIMEOUT", message, {
      hint: "Ask again; a shorter prompt or answer takes less time.",
      retryable: true,
    })
    own.abort(error)
  }
  const seconds = (ms: number) => `${ms / 1000} s`
  const whole = setTimeout(
    () => pass(`${what} took longer than ${seconds(limits.wholeMs)} for an answer.`),
    limits.wholeMs,
  )
  return {
    signal: caller ? AbortSignal.any([caller, own.signal]) : own.signal,
    waiting() {
      clearTimeout(step)
      const limit = first ? limits.firstTokenMs : limits.betweenTokensMs
      const message = first
        ? `${what} did not begin its answer within ${seconds(limit)}.`
        : `${what} stopped in mid answer for ${seconds(limit)}.`
      step = setTimeout(() => pass(message), limit)
    },
    resting() {
      first = false
      clearTimeout(step)
    },
    passed: () => error,
    [Symbol.dispose]() {
      clearTimeout(whole)
      clearTimeout(step)
    },
  }
}
