export interface Rate {
  /** Requests that a client may send in the long run. */
  perSecond: number
  /** Requests it may send at once after a pause. */
  burst: number
}

export interface RateLimiter {
  /** 0 when the client's request may pass, else the milliseconds after which it may. */
  wait(client: string): number
}

/**
 * The generic cell rate algorithm (ITU-T I.371): one number a client, the time at which its next request is due. At
 * most `clients` are remembered (default 100,000); when there are more, those who have waited long enough are
 * forgotten first.
 */
export const createRateLimiter = (
  { perSecond, burst }: Rate,
  { clients = 100_000, now = () => performance.now() }: { clients?: number; now?: () => number } = {},
): RateLimiter => {
  const interval = 1000 / perSecond
  const tolerance = interval * (burst - 1)
  const due = new Map<string, number>()

  const forget = (time: number): void => {
    for (const [client, at] of due) if (at <= time) due.delete(client)
    for (const client of due.keys()) {
      if (due.size < clients) return
      due.delete(client)
    }
  }
  return {
    wait(client) {
      const time = now()
      const at = Math.max(due.get(client) ?? time, time)
      const early = at - tolerance - time
      if (early > 0) return early
      if (due.size >= clients && !due.has(client)) forget(time)
      due.set(client, at + interval)
      return 0
    },
  }
}
