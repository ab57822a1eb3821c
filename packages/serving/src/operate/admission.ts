import { RoadmapError } from "@roadmap/core/errors"
import type { FastifyReply, FastifyRequest } from "fastify"
import type { ServingMetrics } from "./metrics.ts"
import { serverPlugin } from "./plugin.ts"
import { createRateLimiter, type Rate } from "./rate-limit.ts"

export interface AdmissionOptions {
  /** Requests that may be in work at once; the next is refused with OVERLOADED. Default 1,024. */
  maxInFlight?: number
  /** Milliseconds that a request may take in all; a client may ask for less. Default 10,000. */
  timeoutMs?: number
  /** Of one client: its token's name, else its address. Default: no limit. */
  rate?: Rate
  metrics?: ServingMetrics
}

declare module "fastify" {
  interface FastifyRequest {
    /** When the answer is due, in milliseconds of `performance.now()`. */
    deadline: number
  }
}

/** What a client may say about its own patience, in milliseconds. */
export const timeoutHeader = "x-request-timeout-ms"

/**
 * Lets requests in or refuses them, with the time to wait in Retry-After: RATE_LIMITED above the client's rate,
 * OVERLOADED when too many are in work. Probes always get in. Register it after `bearerTokens`, whose clients it
 * counts.
 */
export const admission = serverPlugin<AdmissionOptions>("admission", (server, options, done) => {
  const { maxInFlight = 1_024, timeoutMs = 10_000, metrics } = options
  const limiter = options.rate && createRateLimiter(options.rate)
  let inFlight = 0
  metrics?.watch({ inFlight: () => inFlight })
  server.decorateRequest("deadline", 0)

  const leave = (): void => {
    inFlight--
  }
  const refuse = (reply: FastifyReply, waitMs: number, reason: "rate" | "in_flight"): RoadmapError => {
    metrics?.countRefusal(reason)
    reply.header("retry-after", String(Math.max(1, Math.ceil(waitMs / 1000))))
    return reason === "rate"
      ? new RoadmapError("RATE_LIMITED", `You may send ${options.rate?.perSecond} requests a second.`, {
          hint: "Wait as long as Retry-After says.",
          retryable: true,
        })
      : new RoadmapError("OVERLOADED", `${inFlight} requests are in work; no more fit.`, {
          hint: "Wait as long as Retry-After says.",
          retryable: true,
        })
  }

  server.addHook("onRequest", (request, reply, next) => {
    if (request.routeOptions.config?.probe) return next()
    const wait = limiter?.wait(request.client ?? request.ip) ?? 0
    if (wait > 0) return next(refuse(reply, wait, "rate"))
    if (inFlight >= maxInFlight) return next(refuse(reply, 1_000, "in_flight"))
    const patience = patienceOf(request, timeoutMs)
    if (patience instanceof RoadmapError) return next(patience)
    request.deadline = performance.now() + patience
    inFlight++
    reply.raw.once("close", leave)
    next()
  })
  done()
})

const patienceOf = ({ headers }: FastifyRequest, timeoutMs: number): number | RoadmapError => {
  const text = headers[timeoutHeader]
  if (text === undefined) return timeoutMs
  if (typeof text === "string" && /^[1-9]\d{0,8}$/.test(text)) return Math.min(Number(text), timeoutMs)
  return new RoadmapError("INVALID_INPUT", `The header ${timeoutHeader} is no number of milliseconds.`, {
    hint: "Send whole milliseconds, for example 500.",
  })
}

/**
 * Aborts at the request's deadline (TIMEOUT) and when its client leaves (INTERRUPTED), for work that waits for
 * others. `release` it when the work is done.
 */
export const signalOf = (
  request: FastifyRequest,
  reply: FastifyReply,
): { signal: AbortSignal; release: () => void } => {
  const controller = new AbortController()
  const left = () => controller.abort(new RoadmapError("INTERRUPTED", "The client left."))
  const late = () =>
    controller.abort(
      new RoadmapError("TIMEOUT", "The deadline of the request passed.", {
        hint: "Allow more time, or send fewer rows.",
        retryable: true,
      }),
    )
  const timer = setTimeout(late, Math.max(0, request.deadline - performance.now()))
  reply.raw.once("close", left)
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer)
      reply.raw.removeListener("close", left)
    },
  }
}
