import type { Server } from "node:http"
import { RoadmapError } from "@roadmap/core/errors"
import type { FastifyHttpOptions } from "fastify"
import { z } from "zod"

/** What one client may take of the server. */
export const limitsSchema = z.strictObject({
  /** Bytes of a request's body. */
  bodyBytes: z
    .int()
    .min(1)
    .default(16 * 2 ** 20),
  /** Bytes of all its headers. */
  headerBytes: z
    .int()
    .min(1024)
    .default(16 * 1024),
  /** Milliseconds in which the headers, and the whole request, must have come: a slow sender is cut off. */
  headersMs: z.int().min(1).default(5_000),
  requestMs: z.int().min(1).default(15_000),
  /** Milliseconds that a connection may be silent between requests, and within an answer that nobody reads. */
  idleMs: z.int().min(1).default(60_000),
  /** Open connections; more are closed at once. */
  connections: z.int().min(1).default(4_096),
})
export type Limits = z.output<typeof limitsSchema>

/** The limits with what was not given at its default. Throws CONFIG_INVALID, which names what cannot be used. */
export const readLimits = (given: Partial<Limits> = {}): Limits => {
  const parsed = limitsSchema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new RoadmapError("CONFIG_INVALID", `The limits cannot be used: ${z.prettifyError(parsed.error)}`)
}

/** The limits as fastify's and Node's options; `limitConnections` sets what is no option. */
export const limitOptions = (limits: Limits) =>
  ({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionTimeout: limits.idleMs + limits.requestMs,
    // A name like __proto__ in a body is refused, not dropped.
    onProtoPoisoning: "error",
    onConstructorPoisoning: "error",
    http: transportLimits(limits),
  }) satisfies FastifyHttpOptions<Server>

/** Of the http module; over TLS they go into fastify's `https` beside the certificate. */
export const transportLimits = ({ headerBytes, headersMs, requestMs }: Limits) => ({
  maxHeaderSize: headerBytes,
  headersTimeout: Math.min(headersMs, requestMs),
  // Node looks for slow senders this often, by default every half minute.
  connectionsCheckingInterval: Math.max(100, Math.min(1_000, headersMs)),
})

export const limitConnections = (server: Pick<Server, "maxConnections">, limits: Limits): void => {
  server.maxConnections = limits.connections
}
