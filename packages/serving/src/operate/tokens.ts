import { hash, timingSafeEqual } from "node:crypto"
import { RoadmapError } from "@roadmap/core/errors"
import type { ServingMetrics } from "./metrics.ts"
import { serverPlugin } from "./plugin.ts"

export interface TokenOptions {
  /** Who calls, and the token they show. Empty: nobody is asked. */
  tokens: Readonly<Record<string, string>>
  metrics?: ServingMetrics
}

declare module "fastify" {
  interface FastifyRequest {
    /** Whose token the request showed; undefined when none is asked for. */
    client: string | undefined
  }
}

/**
 * Asks for `Authorization: Bearer <token>` (RFC 6750) everywhere but on probes. All tokens are compared, in
 * constant time, so that neither the answer nor its time tells how much of one was right. Fails with AUTH_FAILED.
 */
export const bearerTokens = serverPlugin<TokenOptions>(
  "bearer-tokens",
  (server, { tokens, metrics }, done) => {
    const known = Object.entries(tokens).map(([client, token]) => ({ client, digest: digestOf(token) }))
    server.decorateRequest("client", undefined)
    if (known.length === 0) return done()
    server.addHook("onRequest", (request, reply, next) => {
      if (request.routeOptions.config?.probe) return next()
      const shown = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1]
      if (shown !== undefined) {
        const digest = digestOf(shown)
        for (const { client, digest: right } of known)
          if (timingSafeEqual(digest, right)) request.client = client
      }
      if (request.client !== undefined) return next()
      metrics?.countRefusal("token")
      reply.header(
        "www-authenticate",
        shown === undefined ? 'Bearer realm="serving"' : 'Bearer realm="serving", error="invalid_token"',
      )
      next(
        new RoadmapError(
          "AUTH_FAILED",
          shown === undefined ? "A token is needed." : "The token is not valid.",
          {
            hint: "Send the header Authorization: Bearer <token>.",
          },
        ),
      )
    })
    done()
  },
)

/** Digests have one length, whatever the tokens have. */
const digestOf = (token: string): Buffer => hash("sha256", token, "buffer")

/**
 * A server that others can reach must ask for a token, and a token must be hard to guess. Throws CONFIG_INVALID.
 */
export const checkBinding = (host: string, tokens: Readonly<Record<string, string>>): void => {
  const short = Object.entries(tokens).find(([, token]) => token.length < 16 || /\s/.test(token))
  if (short)
    throw new RoadmapError("CONFIG_INVALID", `The token of "${short[0]}" is too short, or has spaces.`, {
      hint: "Use 16 characters or more, for example from: openssl rand -hex 32",
    })
  if (isLoopback(host) || Object.keys(tokens).length > 0) return
  throw new RoadmapError("CONFIG_INVALID", `Binding ${host} lets others in, and there is no token.`, {
    hint: "Set a token, or bind 127.0.0.1.",
  })
}

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)
