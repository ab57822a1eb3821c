/** A real server on a real socket, with the parts under test and routes that do little. */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { type RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify"
import { httpStatusOf } from "../../src/operate/status.ts"
import { requestIdOf } from "../../src/operate/trace.ts"

export interface Small {
  server: FastifyInstance
  port: number
  close(): Promise<void>
}

export const startSmall = async (
  build: (server: FastifyInstance) => void | Promise<void>,
  options: FastifyServerOptions = {},
): Promise<Small> => {
  const server = fastify({ logger: false, genReqId: requestIdOf, forceCloseConnections: "idle", ...options })
  server.setErrorHandler((error, request, reply) => {
    const failure: RoadmapError = toRoadmapError(error)
    const own = (error as { statusCode?: number }).statusCode
    request.failure = failure
    return reply
      .code(own ?? httpStatusOf(failure))
      .send({ error_code: failure.code, message: failure.message })
  })
  await build(server)
  await server.listen({ port: 0, host: "127.0.0.1" })
  const { port } = server.server.address() as AddressInfo
  return {
    server,
    port,
    close: async () => {
      server.server.closeAllConnections()
      await server.close()
    },
  }
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export const agent = new Agent({ keepAlive: true, maxSockets: 64 })

export const ask = (
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; signal?: AbortSignal } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { body, method = body === undefined ? "GET" : "POST", headers = {}, signal } = options
    const sent = httpRequest(
      {
        port,
        host: "127.0.0.1",
        path,
        method,
        agent,
        signal,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      },
      response => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", chunk => {
          text += chunk
        })
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
        response.on("error", reject)
      },
    )
    sent.on("error", reject)
    sent.end(body)
  })
