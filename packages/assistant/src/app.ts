import type { Logger } from "@roadmap/core/logger"
import { type AdmissionOptions, admission } from "@roadmap/serving/operate/admission"
import { type Limits, limitOptions } from "@roadmap/serving/operate/limits"
import type { ServingMetrics } from "@roadmap/serving/operate/metrics"
import { telemetry } from "@roadmap/serving/operate/telemetry"
import { bearerTokens } from "@roadmap/serving/operate/tokens"
import { requestIdOf } from "@roadmap/serving/operate/trace"
import fastify, { type FastifyInstance } from "fastify"
import manifest from "../package.json" with { type: "json" }
import { addAsk } from "./ask/route.ts"
import { addDocuments } from "./documents/routes.ts"
import { addChatCompletions } from "./openai/routes.ts"
import { addDescription, type Described } from "./protocol/describe.ts"
import { addErrorAnswers } from "./protocol/errors.ts"
import { createFigures, withFigures } from "./protocol/figures.ts"
import { addHealth } from "./protocol/health.ts"
import { openApiDocument } from "./protocol/openapi.ts"
import { sameOrigin } from "./protocol/origin.ts"

export interface AppOptions extends Described {
  readonly tokens: Readonly<Record<string, string>>
  readonly metrics: ServingMetrics
  readonly logger: Logger
  readonly limits: Limits
  readonly admission: Pick<AdmissionOptions, "maxInFlight" | "timeoutMs" | "rate">
  /** False once the server drains. */
  readonly accepting: () => boolean
  /** More routes: the page. */
  readonly pages?: (routes: FastifyInstance) => void
}

/** The service's routes and what stands before them, not listening yet. */
export const createApp = (options: AppOptions): FastifyInstance => {
  const { assistant, index, uploads, tokens } = options
  const { http, ...common } = limitOptions(options.limits)
  const app = fastify({
    ...common,
    http,
    logger: false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 4_000 },
  })
  const figures = createFigures()
  const metrics = withFigures(options.metrics, figures)
  const hasToken = Object.keys(tokens).length > 0
  addErrorAnswers(app)
  // Bodies stay bytes until their route reads them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    ["application/json", "multipart/form-data"],
    { parseAs: "buffer" },
    (_, body, done) => done(null, body),
  )
  app.register(telemetry, { logger: options.logger, metrics, slowMs: 30_000 })
  app.register(sameOrigin, { hasToken })
  app.register(bearerTokens, { tokens, metrics })
  app.register(admission, { ...options.admission, metrics })
  app.register((routes, _, done) => {
    const answering = { assistant, figures }
    addHealth(routes, options.accepting)
    addDescription(routes, options)
    addAsk(routes, answering)
    addChatCompletions(routes, answering)
    addDocuments(routes, { index, uploads, figures })
    routes.get("/openapi.json", () =>
      openApiDocument({ version: manifest.version, hasToken, takesUploads: uploads !== undefined }),
    )
    options.pages?.(routes)
    done()
  })
  return app
}
