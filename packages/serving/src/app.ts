import type { ServerOptions } from "node:https"
import type { Logger } from "@roadmap/core/logger"
import fastify, { type FastifyInstance } from "fastify"
import manifest from "../package.json" with { type: "json" }
import type { Deployments } from "./deployment.ts"
import type { FeatureLookup } from "./features/lookup.ts"
import { addByKey } from "./features/route.ts"
import { addDocs } from "./openapi/docs-page.ts"
import { openApiDocument } from "./openapi/document.ts"
import { type AdmissionOptions, admission } from "./operate/admission.ts"
import { type Limits, limitOptions } from "./operate/limits.ts"
import type { ServingMetrics } from "./operate/metrics.ts"
import { telemetry } from "./operate/telemetry.ts"
import { bearerTokens } from "./operate/tokens.ts"
import { requestIdOf } from "./operate/trace.ts"
import { addErrorAnswers } from "./protocol/errors.ts"
import { addHealth, type ServerState } from "./protocol/health.ts"
import { addInvocations } from "./protocol/mlflow.ts"
import { addOpenInference } from "./protocol/open-inference-routes.ts"
import type { ScoreEvents } from "./protocol/score.ts"
import type { InputPolicy } from "./validate/table.ts"

export interface AppOptions {
  readonly deployments: Deployments
  /** Models whose features are looked up by key, by their deployment's name. */
  readonly lookups: ReadonlyMap<string, FeatureLookup>
  readonly state: ServerState
  readonly events: ScoreEvents
  readonly policy: InputPolicy
  readonly tokens: Readonly<Record<string, string>>
  readonly metrics: ServingMetrics
  readonly logger: Logger
  readonly sampleRate?: number
  readonly limits: Limits
  /** Certificate and key, for TLS. */
  readonly https?: ServerOptions
  readonly admission?: Omit<AdmissionOptions, "metrics" | "draining">
}

const server = { name: "roadmap-serving", version: manifest.version }

/** The server's routes and what stands before them, not listening yet. */
export const createApp = (options: AppOptions): FastifyInstance => {
  const { deployments, state, events, metrics, tokens, policy } = options
  const app = createFastify(options)
  addErrorAnswers(app)
  // Bodies stay bytes: the reader of the route checks them for what JSON.parse would let pass.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(["application/json", "text/csv"], { parseAs: "buffer" }, (_, body, done) =>
    done(null, body),
  )
  app.register(telemetry, { logger: options.logger, metrics, sampleRate: options.sampleRate })
  app.register(bearerTokens, { tokens, metrics })
  app.register(admission, { ...options.admission, metrics })
  app.register((routes, _, done) => {
    addHealth(routes, deployments, state, server)
    addInvocations(routes, deployments, events)
    addOpenInference(routes, deployments, server, events)
    addByKey(routes, deployments, options.lookups, events)
    const hasToken = Object.keys(tokens).length > 0
    addDocs(routes, () =>
      openApiDocument(deployments, { version: server.version, policy, hasToken, lookups: options.lookups }),
    )
    done()
  })
  return app
}

const createFastify = ({ limits, https }: AppOptions): FastifyInstance => {
  const { http, ...common } = limitOptions(limits)
  const settings = {
    ...common,
    logger: false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    // A server that drains answers what still comes; `createShutdown` closes the connections.
    return503OnClosing: false,
    forceCloseConnections: "idle",
  } as const
  if (https === undefined) return fastify({ ...settings, http })
  // Routes and hooks do not see which server carries them.
  return fastify({ ...settings, https: { ...http, ...https } }) as unknown as FastifyInstance
}
