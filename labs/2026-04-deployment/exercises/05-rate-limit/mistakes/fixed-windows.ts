// mistake: fixed-windows
import type { Decision, Rate, Request } from "../solution.ts"

export const limit = (requests: readonly Request[], { capacity, perSecond }: Rate): Decision[] => {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return requests.map(({ client, at }): Decision => {
    const window = Math.floor(at / 1_000)
    const bucket = buckets.get(client)
    const now = Math.max(window, bucket?.at ?? window)
    const tokens = bucket && bucket.at === now ? bucket.tokens : capacity
    const allowed = tokens >= 1
    buckets.set(client, { tokens: allowed ? tokens - 1 : tokens, at: now })
    return allowed ? { allowed } : { allowed, retryAfter: Math.ceil((1 - tokens) / perSecond) }
  })
}
