import { RoadmapError } from "@roadmap/core/errors"
import { serverPlugin } from "@roadmap/serving/operate/plugin"
import { isLoopback } from "@roadmap/serving/operate/tokens"
import type { FastifyRequest } from "fastify"

/**
 * Keeps other web pages out: a browser lets any page send forms to 127.0.0.1, and a name server can point any name
 * there (DNS rebinding). A request with an Origin must come from this server's own page; without a token only
 * loopback names are answered. Fails with PERMISSION.
 */
export const sameOrigin = serverPlugin<{ hasToken: boolean }>("same-origin", (server, { hasToken }, done) => {
  server.addHook("onRequest", (request, _reply, next) => {
    const { host = "", origin } = request.headers
    if (!hasToken && !isLoopback(nameOf(host)))
      return next(refused(`The host "${host.slice(0, 100)}" is not this machine's.`))
    if (typeof origin === "string" && !isOwn(origin, host))
      return next(refused(`Pages of ${origin.slice(0, 100)} may not call this server.`))
    next()
  })
  done()
})

const refused = (message: string): RoadmapError =>
  new RoadmapError("PERMISSION", message, { hint: "Open the server's own page, or call it from a program." })

/** The name in `name:port` and `[::1]:port`. */
const nameOf = (host: FastifyRequest["host"]): string =>
  /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d*$/, "")

const isOwn = (origin: string, host: string): boolean =>
  origin === `http://${host}` || origin === `https://${host}`
