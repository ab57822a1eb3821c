// mistake: one-bucket
import type { Decision, Rate, Request } from "../solution.ts"

export const limit = (requests: readonly Request[], { capacity, perSecond }: Rate): Decision[] => {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return requests.map(({ at }): Decision => {
    const bucket = buckets.get("all") ?? { tokens: capacity, at }
    const now = Math.max(at, bucket.at)
    const tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000)
    const allowed = tokens >= 1
    buckets.set("all", { tokens: allowed ? tokens - 1 : tokens, at: now })
    return allowed ? { allowed } : { allowed, retryAfter: Math.ceil((1 - tokens) / perSecond) }
  })
}
