import type { RoadmapError } from "@roadmap/core/errors"
import type { Logger } from "@roadmap/core/logger"
import type { FastifyReply, FastifyRequest } from "fastify"
import type { ServingMetrics } from "./metrics.ts"
import { serverPlugin } from "./plugin.ts"
import { type Trace, traceOf } from "./trace.ts"

export interface TelemetryOptions {
  logger: Logger
  metrics: ServingMetrics
  /** Share of the good and quick requests that are logged, 0 to 1; all others always are. Default 0.01. */
  sampleRate?: number
  /** Requests that take longer are logged as slow. Milliseconds, default 1,000. */
  slowMs?: number
}

declare module "fastify" {
  interface FastifyRequest {
    /** The request's place in a W3C trace; made when first asked for. */
    readonly trace: Trace
    /**
     * When its head had come, in milliseconds of `performance.now()`; fastify's own `elapsedTime` stands still
     * without a logger.
     */
    arrived: number
    /** Why the request failed, for its log line: the error handler sets it. */
    failure: RoadmapError | undefined
  }
}

/**
 * One log line and one measurement a request. A line has ids, the route's pattern, the status and the milliseconds:
 * nothing of the URL's values, the headers or the body. The answer names the request's id in `x-request-id`.
 */
export const telemetry = serverPlugin<TelemetryOptions>("telemetry", (server, options, done) => {
  const { logger, metrics, sampleRate = 0.01, slowMs = 1_000 } = options
  const traces = new WeakMap<FastifyRequest, Trace>()
  server.decorateRequest("failure", undefined)
  server.decorateRequest("arrived", 0)
  server.decorateRequest("trace", {
    getter() {
      const known = traces.get(this)
      if (known) return known
      const { traceparent } = this.headers
      const trace = traceOf(typeof traceparent === "string" ? traceparent : undefined)
      traces.set(this, trace)
      return trace
    },
  })

  const finish = (request: FastifyRequest, reply: FastifyReply): void => {
    const { method, routeOptions, failure } = request
    const route = routeOptions.url ?? "(none)"
    const ms = performance.now() - request.arrived
    const status = reply.raw.writableFinished ? reply.statusCode : 499
    metrics.observeRequest({ method, route, status, seconds: ms / 1000 })
    const failed = status >= 500
    const slow = ms > slowMs
    if (!failed && !slow && (routeOptions.config?.probe || !isSampled(request, sampleRate))) return
    const { traceId, spanId, parentId } = request.trace
    const line = {
      requestId: request.id,
      traceId,
      spanId,
      ...(parentId && { parentId }),
      method,
      route,
      status,
      ms: Math.round(ms * 1000) / 1000,
      ...(failure && { code: failure.code, reason: failure.message }),
      // Only what nobody foresaw needs its place in the code.
      ...(failure?.code === "INTERNAL" && { stack: (failure.cause as Error | undefined)?.stack }),
    }
    if (failed) logger.error(line, "request failed")
    else if (slow) logger.warn(line, "request was slow")
    else logger.info(line, "request")
  }

  server.addHook("onRequest", (request, reply, next) => {
    reply.header("x-request-id", request.id)
    // "close" comes for every request, also when the client leaves; "finish" and onResponse do not.
    request.arrived = performance.now()
    reply.raw.once("close", () => finish(request, reply))
    next()
  })
  server.get("/metrics", async (_request, reply) =>
    reply.header("content-type", metrics.contentType).send(await metrics.text()),
  )
  done()
})

/** By the trace's id where there is one, so that all services of a trace choose alike. */
const isSampled = (request: FastifyRequest, rate: number): boolean => {
  if (rate <= 0) return false
  if (rate >= 1) return true
  if (request.headers.traceparent === undefined) return Math.random() < rate
  return Number.parseInt(request.trace.traceId.slice(-8), 16) / 2 ** 32 < rate
}
