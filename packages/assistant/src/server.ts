import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { createLogger } from "@roadmap/core/logger"
import type { Assistant } from "@roadmap/rag/answers/assistant"
import type { WritableIndex } from "@roadmap/rag/store/open"
import type { AdmissionOptions } from "@roadmap/serving/operate/admission"
import { type Limits, limitConnections, readLimits } from "@roadmap/serving/operate/limits"
import { listening } from "@roadmap/serving/operate/listening"
import { createLogStream } from "@roadmap/serving/operate/log-stream"
import { createServingMetrics } from "@roadmap/serving/operate/metrics"
import { createShutdown } from "@roadmap/serving/operate/shutdown"
import { checkBinding } from "@roadmap/serving/operate/tokens"
import type { FastifyInstance } from "fastify"
import { createApp } from "./app.ts"
import { openUploads, type UploadLimits } from "./documents/uploads.ts"

export interface AssistantServerOptions {
  readonly assistant: Assistant
  /** What the assistant reads. Not closed with the server: whoever opened it closes it. */
  readonly index: WritableIndex
  /** What readers of the answers should know, as sentences. */
  readonly notes?: readonly string[]
  /** Questions that this corpus answers, for the empty page. */
  readonly examples?: readonly string[]
  /** False: no document is taken. Default: taken, and kept in `<home>/state/uploads`. */
  readonly uploads?: boolean | Partial<UploadLimits>
  /** Default 127.0.0.1. Any other needs a token. */
  readonly host?: string
  /** Default 5005; 0 takes a free one. */
  readonly port?: number
  /** Asked for as `Authorization: Bearer`. */
  readonly token?: string
  readonly limits?: Partial<Limits>
  readonly admission?: Pick<AdmissionOptions, "maxInFlight" | "timeoutMs" | "rate">
  /** Milliseconds that answers in work get when the server stops. Default 10,000. */
  readonly drainMs?: number
  /** More routes on the same server: the page. */
  readonly pages?: (routes: FastifyInstance) => void
}

export interface AssistantServer {
  /** `http://127.0.0.1:5005`. */
  readonly url: string
  /** Finishes the answers in work, as far as there is time, and ends. */
  close(): Promise<void>
}

/** Questions are small; a slow line may upload documents for a minute. */
const defaultLimits: Partial<Limits> = {
  bodyBytes: 2 ** 20,
  requestMs: 60_000,
  idleMs: 60_000,
  connections: 512,
}

const defaultAdmission = { maxInFlight: 64, timeoutMs: 120_000 }

/**
 * Starts the assistant's service. Throws CONFIG_INVALID (a wider binding without token, limits that are none),
 * START_FAILED (the port is taken) and what `openUploads` throws.
 */
export const startAssistantServer = async (
  config: Config,
  options: AssistantServerOptions,
): Promise<AssistantServer> => {
  const { assistant, index, host = "127.0.0.1", port = 5005, token } = options
  const tokens: Record<string, string> = token === undefined ? {} : { default: token }
  checkBinding(host, tokens)
  const limits = readLimits({ ...defaultLimits, ...options.limits })
  const { uploads: given = true } = options
  const uploads = given
    ? await openUploads(join(config.home, "state", "uploads"), index, given === true ? {} : given)
    : undefined
  const stream = createLogStream()
  const app = createApp({
    assistant,
    index,
    ...(uploads && { uploads }),
    notes: options.notes ?? [],
    examples: options.examples ?? [],
    tokens,
    metrics: createServingMetrics(),
    logger: createLogger(config.logLevel, stream),
    limits,
    admission: { ...defaultAdmission, ...options.admission },
    accepting: () => !shutdown.draining(),
    ...(options.pages && { pages: options.pages }),
  })
  const shutdown = createShutdown({
    server: app,
    after: [() => stream.flush()],
    ...(options.drainMs !== undefined && { drainMs: options.drainMs }),
  })
  limitConnections(app.server, limits)
  const url = await listening(() => app.listen({ host, port }), port).catch(async error => {
    await app.close()
    throw error
  })
  return {
    url,
    async close() {
      const { errors } = await shutdown.close()
      if (errors.length > 0) throw errors[0]
    },
  }
}
