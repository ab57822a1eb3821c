export interface Request {
  client: string
  /** Milliseconds. Mostly, but not always, later than that of the request before. */
  at: number
}

export interface Rate {
  /** Most requests of a client at once. */
  capacity: number
  /** Requests of a client in the long run. */
  perSecond: number
}

/** `retryAfter` in whole seconds. */
export type Decision = { allowed: true } | { allowed: false; retryAfter: number }

/**
 * Which requests a token bucket for each client lets through.
 * @returns one decision a request, in their order
 */
export const limit = (requests: readonly Request[], { capacity, perSecond }: Rate): Decision[] => {
  return requests.map(() => ({ allowed: false, retryAfter: capacity + perSecond }))
}
