import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import type { Predictions } from "../model/served.ts"

export interface BatchedCall {
  /** When the answer is worth nothing any more, in milliseconds of `performance.now()`. */
  deadline?: number
  signal?: AbortSignal
}

/** A request that waits for its predictions. */
export interface Waiting {
  readonly features: Features
  resolve(predictions: Predictions | Promise<Predictions>): void
  reject(error: unknown): void
}

export interface WaitingLine {
  /** Rows of the requests that were not taken yet. */
  rows(): number
  /** Rejects with TIMEOUT or INTERRUPTED at once, when `watched`; else when the request's turn comes. */
  push(features: Features, call: BatchedCall): Promise<Predictions>
  /** The first requests that are still wanted: as many as have `maxRows` together, at least one. */
  take(maxRows: number): Waiting[]
}

/** First come, first served. A line whose requests may wait long is `watched`: that costs a timer a request. */
export const createWaitingLine = (watched: boolean): WaitingLine => {
  const line: (Waiting & { isGone(): boolean })[] = []
  let rows = 0
  return {
    rows: () => rows,
    push(features, call) {
      rows += features.rows
      return new Promise<Predictions>((resolve, reject) => {
        let gone = false
        const settle =
          <T>(how: (value: T) => void) =>
          (value: T) => {
            gone = true
            stopWatching()
            how(value)
          }
        const entry = {
          features,
          resolve: settle(resolve),
          reject: settle(reject),
          isGone() {
            if (!gone) rejectUnwanted(entry, call)
            return gone
          },
        }
        const stopWatching = watched ? watch(entry, call) : () => undefined
        line.push(entry)
      })
    },
    take(maxRows) {
      const taken: Waiting[] = []
      let together = 0
      while (line.length > 0) {
        const [entry] = line
        if (taken.length > 0 && together + entry.features.rows > maxRows) break
        line.shift()
        rows -= entry.features.rows
        if (entry.isGone()) continue
        taken.push(entry)
        together += entry.features.rows
      }
      return taken
    },
  }
}

/** Throws TIMEOUT when its deadline has passed, INTERRUPTED when its signal has aborted. */
export const throwIfUnwanted = ({ deadline, signal }: BatchedCall): void => {
  throwIfAborted(signal)
  if (deadline !== undefined && performance.now() >= deadline)
    throw new RoadmapError("TIMEOUT", "The deadline of the request passed before it was scored.", {
      hint: "Send fewer requests at once, or allow more time.",
      retryable: true,
    })
}

const rejectUnwanted = (entry: Waiting, call: BatchedCall): void => {
  try {
    throwIfUnwanted(call)
  } catch (error) {
    entry.reject(toRoadmapError(error))
  }
}

const watch = (entry: Waiting, call: BatchedCall): (() => void) => {
  const { deadline, signal } = call
  const end = () => rejectUnwanted(entry, call)
  // Timers may fire a millisecond early.
  const timer =
    deadline === undefined ? undefined : setTimeout(end, Math.max(1, deadline - performance.now() + 1))
  signal?.addEventListener("abort", end, { once: true })
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener("abort", end)
  }
}
