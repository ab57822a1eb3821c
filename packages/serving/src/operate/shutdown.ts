import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { FastifyInstance } from "fastify"

export interface ShutdownOptions {
  server: Pick<FastifyInstance, "close" | "server">
  /**
   * Milliseconds during which the server says that it is not ready and still takes requests: balancers need them.
   * Default 0.
   */
  notReadyMs?: number
  /** Milliseconds that requests in work get; then their connections are cut. Default 10,000. */
  drainMs?: number
  /** What to close when no request is left, in this order: alias watch, threads, prediction log, models, registry. */
  after: readonly (() => Promise<void>)[]
  /** Milliseconds that each of them gets; the next one comes then all the same. Default 15,000. */
  closeMs?: number
}

/**
 * Milliseconds that a connection without a request gets while the server drains: some clients open more than they
 * use.
 */
const silenceMs = 500

export interface Drained {
  /** False when requests were cut off. */
  finished: boolean
  /** What could not be closed. */
  errors: Error[]
}

export interface Shutdown {
  /** True from the first `close` on: readiness asks for it. */
  draining(): boolean
  /** Ends the server without a lost request, if they end in time. A second call waits for the first. Never rejects. */
  close(): Promise<Drained>
}

/** Make it before the server listens. Answers that leave during the shutdown close their connections. */
export const createShutdown = (options: ShutdownOptions): Shutdown => {
  const { server, notReadyMs = 0, drainMs = 10_000, closeMs = 15_000, after } = options
  const unanswered = new Set<ServerResponse>()
  /** Since when; Node takes these for connections with a request under way, and waits for it. */
  const silent = new Map<Socket, number>()
  let closing: Promise<Drained> | undefined

  server.server.on(isTls(server.server) ? "secureConnection" : "connection", (socket: Socket) => {
    silent.set(socket, performance.now())
    socket.once("close", () => silent.delete(socket))
  })
  // First, because fastify may answer before others hear of the request.
  server.server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    silent.delete(request.socket)
    if (closing) response.shouldKeepAlive = false
    unanswered.add(response)
    response.once("close", () => unanswered.delete(response))
  })

  const drain = async (): Promise<Drained> => {
    const errors: Error[] = []
    for (const response of unanswered) response.shouldKeepAlive = false
    await delay(notReadyMs)
    let finished = true
    const hangUp = setInterval(() => {
      for (const [socket, since] of silent) if (performance.now() - since > silenceMs) socket.destroy()
    }, silenceMs / 5)
    const cut = setTimeout(() => {
      finished = false
      server.server.closeAllConnections()
    }, drainMs)
    try {
      await server.close()
    } catch (error) {
      errors.push(toRoadmapError(error))
    }
    clearInterval(hangUp)
    clearTimeout(cut)
    for (const close of after)
      try {
        await within(closeMs, close)
      } catch (error) {
        errors.push(toRoadmapError(error))
      }
    return { finished, errors }
  }
  return {
    draining: () => closing !== undefined,
    close() {
      closing ??= drain()
      return closing
    },
  }
}

const within = async (ms: number, close: () => Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new RoadmapError("TIMEOUT", `A part of the server did not close within ${ms / 1000} s.`)
    timer = setTimeout(reject, ms, error)
  })
  try {
    await Promise.race([close(), late])
  } finally {
    clearTimeout(timer)
  }
}

const isTls = (server: object): boolean => "setSecureContext" in server
