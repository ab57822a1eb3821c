import type { RoadmapError } from "@roadmap/core/errors"
import type { Usage } from "./chat-model.ts"

/** What is known of a failed call besides its error: for metering, retries and traces. */
export interface Failure {
  /** HTTP status, when there was an answer. */
  status?: number
  /** How long the provider asks to wait, milliseconds. */
  retryAfterMs?: number
  /** The provider's own number of the request, for its support. */
  requestId?: string
  /** Of a stream that broke off: an estimate of what was used. */
  usage?: Usage
}

const failures = new WeakMap<RoadmapError, Failure>()

/** Notes something about an error; later notes are added to earlier ones. Returns the error. */
export const withFailure = (error: RoadmapError, failure: Failure): RoadmapError => {
  failures.set(error, { ...failures.get(error), ...failure })
  return error
}

/** What was noted about an error that a chat model or embedder threw. */
export const failureOf = (error: unknown): Failure | undefined => failures.get(error as RoadmapError)
