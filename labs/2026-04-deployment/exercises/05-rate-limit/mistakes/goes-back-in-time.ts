// mistake: goes-back-in-time
import type { Decision, Rate, Request } from "../solution.ts"

export const limit = (requests: readonly Request[], { capacity, perSecond }: Rate): Decision[] => {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return requests.map(({ client, at }): Decision => {
    const bucket = buckets.get(client) ?? { tokens: capacity, at }
    const passed = Math.max(0, at - bucket.at)
    const tokens = Math.min(capacity, bucket.tokens + (passed * perSecond) / 1_000)
    const allowed = tokens >= 1
    buckets.set(client, { tokens: allowed ? tokens - 1 : tokens, at })
    return allowed ? { allowed } : { allowed, retryAfter: Math.ceil((1 - tokens) / perSecond) }
  })
}
