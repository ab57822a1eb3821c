// mistake: comes-back-too-early
import type { Decision, Rate, Request } from "../solution.ts"

export const limit = (requests: readonly Request[], { capacity, perSecond }: Rate): Decision[] => {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return requests.map(({ client, at }): Decision => {
    const bucket = buckets.get(client) ?? { tokens: capacity, at }
    const now = Math.max(at, bucket.at)
    const tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000)
    const allowed = tokens >= 1
    buckets.set(client, { tokens: allowed ? tokens - 1 : tokens, at: now })
    return allowed ? { allowed } : { allowed, retryAfter: Math.floor((1 - tokens) / perSecond) }
  })
}
