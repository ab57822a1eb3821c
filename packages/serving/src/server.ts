import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { createLogger } from "@roadmap/core/logger"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import type { FeatureService } from "@roadmap/feature-store/services"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelRegistry } from "@roadmap/model-registry/port"
import { createApp } from "./app.ts"
import { type Deployed, type DeploymentOptions, deploy, loadLive } from "./deploy.ts"
import { createDeployments } from "./deployment.ts"
import { checkService, createFeatureLookup, type FeatureLookup } from "./features/lookup.ts"
import type { FieldTypes } from "./features/request-columns.ts"
import type { AdmissionOptions } from "./operate/admission.ts"
import { type Limits, limitConnections, readLimits } from "./operate/limits.ts"
import { listening } from "./operate/listening.ts"
import { createLogStream } from "./operate/log-stream.ts"
import { createServingMetrics } from "./operate/metrics.ts"
import { openPredictionLog, type PredictionLog } from "./operate/prediction-log/log.ts"
import { type AliasWatch, watchAliases } from "./operate/reload.ts"
import { createShutdown } from "./operate/shutdown.ts"
import { readTls, type TlsFiles } from "./operate/tls.ts"
import { checkBinding } from "./operate/tokens.ts"
import { openScoringPool } from "./operate/workers.ts"
import type { Scored, ScoreEvents } from "./protocol/score.ts"
import type { InputPolicy } from "./validate/table.ts"

export interface ServerOptions {
  /** `flight-late@champion`, or a deployment. The first answers where a request names none. */
  readonly models: readonly (string | DeploymentOptions)[]
  /** Default 127.0.0.1. Any other needs a token. */
  readonly host?: string
  /** Default 5001, as `mlflow models serve` is often run; 0 takes a free one. */
  readonly port?: number
  /** Client to bearer token. */
  readonly tokens?: Readonly<Record<string, string>>
  readonly tls?: TlsFiles
  readonly input?: Partial<InputPolicy>
  readonly limits?: Partial<Limits>
  readonly admission?: Pick<AdmissionOptions, "maxInFlight" | "timeoutMs" | "rate">
  /**
   * Features by key from the online store of the configuration: models whose MLmodel names this service
   * (metadata `feature_service`) get the route by-key.
   */
  readonly features?: {
    readonly service: FeatureService
    readonly types?: FieldTypes
    /**
     * The moment of a question in microseconds since 1970; default: the clock. A replay of old days has its
     * own.
     */
    readonly now?: () => bigint
    /** Default: opened from the configuration, and closed with the server. */
    readonly store?: OnlineStore
  }
  /** Default: none. `true` writes to `<home>/prediction-log`. */
  readonly predictionLog?: boolean | { readonly folder: string }
  /** Milliseconds between two looks at the aliases. Default 5,000. */
  readonly reloadMs?: number
  /**
   * Threads for predictions that take long; 0 keeps all on the event loop. Default: one less than the cores.
   */
  readonly threads?: number
  /** Share of good requests that are logged. Default 0.01. */
  readonly sampleRate?: number
  /** Milliseconds during which a stopping server says so and still answers. Default 0. */
  readonly notReadyMs?: number
  /** Default: opened from the configuration, and closed with the server. */
  readonly registry?: ModelRegistry
}

export interface RunningServer {
  /** `http://127.0.0.1:5001`. */
  readonly url: string
  /** Deployments, and the versions that answer now. */
  models(): { name: string; reference: string; version: number }[]
  /** Looks at the aliases now; what has moved is served when it resolves. */
  check(): Promise<void>
  /** Drains and ends: no request that was taken is lost if it ends in time. */
  close(): Promise<void>
}

export const defaultPolicy: InputPolicy = { missing: "allow", extra: "refuse", maxRows: 10_000 }

/**
 * Starts a scoring server. Throws CONFIG_INVALID (a wider binding without token), UNREACHABLE (the
 * registry), NOT_FOUND, MODEL_FORMAT, PART_MISSING, and what listening throws; what was opened until then is
 * closed again.
 */
export const startServer = async (config: Config, options: ServerOptions): Promise<RunningServer> => {
  const { host = "127.0.0.1", port = 5001, tokens = {} } = options
  if (options.models.length === 0)
    throw new RoadmapError("INVALID_INPUT", "There is no model to serve.", {
      hint: "Name one, for example flight-late@champion.",
    })
  checkBinding(host, tokens)
  const policy = { ...defaultPolicy, ...options.input }
  const limits = readLimits(options.limits)
  const https = options.tls && (await readTls(options.tls))
  /** In the order in which they are closed when the start fails, or no request is left. */
  const closing: (() => Promise<void>)[] = []
  const onClose = (close: () => Promise<void>) => closing.unshift(close)
  try {
    const stream = createLogStream()
    onClose(() => stream.flush())
    const logger = createLogger(config.logLevel, stream)
    const metrics = createServingMetrics()
    const registry = options.registry ?? (await openRegistry(config))
    if (options.registry === undefined) onClose(() => registry.close())
    const pool =
      options.threads === 0
        ? undefined
        : openScoringPool({
            loader: new URL("./model/load-folder.ts", import.meta.url),
            ...(options.threads && { workers: options.threads }),
          })
    if (pool) onClose(() => pool.close())
    const context = { registry, policy, metrics, ...(pool && { pool }) }
    const deployed: Deployed[] = []
    for (const model of options.models) {
      const each = await deploy(model, context)
      onClose(async () => void (await Promise.all(each.entries.map(({ slot }) => slot.close()))))
      if (deployed.some(({ name }) => name === each.name))
        throw new RoadmapError("INVALID_INPUT", `Two deployments are called "${each.name}".`, {
          hint: "Give one of them another name, or make them variants of one.",
        })
      deployed.push(each)
    }
    const lookups = await openLookups(config, options, deployed, policy, onClose)
    const log = await openLog(config, options)
    if (log) onClose(() => log.close())
    const watch = watchAliases({
      registry,
      entries: deployed.flatMap(({ entries }) => entries),
      load: reference => loadLive(context, reference),
      ...(options.reloadMs && { intervalMs: options.reloadMs }),
      onReload({ reference, from, to }) {
        metrics.countReload(reference, "moved")
        logger.info({ reference, from, to }, "another version serves")
      },
      onError(error, reference) {
        metrics.countReload(reference, "failed")
        logger.warn(
          { reference, code: error.code, reason: error.message },
          "the reference cannot be followed",
        )
      },
    })
    onClose(() => watch.stop())
    metrics.watch({
      ...(log && { predictionLog: () => log.stats() }),
      models: () => modelsOf(deployed, watch),
    })
    const app = createApp({
      deployments: createDeployments(deployed),
      lookups,
      state: { accepting: () => !shutdown.draining(), registryAnswers: () => watch.registryAnswers() },
      events: scoreEvents(log, (live, reason) =>
        logger.warn({ model: live.served.uri, reason }, "the shadow could not answer"),
      ),
      policy,
      tokens,
      metrics,
      logger,
      limits,
      ...(https && { https }),
      ...(options.sampleRate !== undefined && { sampleRate: options.sampleRate }),
      ...(options.admission && { admission: options.admission }),
    })
    const shutdown = createShutdown({
      server: app,
      after: closing,
      ...(options.notReadyMs && { notReadyMs: options.notReadyMs }),
    })
    limitConnections(app.server, limits)
    const url = await listening(() => app.listen({ host, port }), port)
    return {
      url,
      models: () =>
        modelsOf(deployed, watch).map(({ reference, model, version }) => ({
          name: model,
          reference,
          version,
        })),
      check: () => watch.check(),
      async close() {
        const { errors } = await shutdown.close()
        if (errors.length > 0) throw errors[0]
      },
    }
  } catch (error) {
    for (const close of closing) await close()
    throw error
  }
}

const openLookups = async (
  config: Config,
  { features }: ServerOptions,
  deployed: readonly Deployed[],
  policy: InputPolicy,
  onClose: (close: () => Promise<void>) => void,
): Promise<ReadonlyMap<string, FeatureLookup>> => {
  const lookups = new Map<string, FeatureLookup>()
  if (features === undefined) return lookups
  const store = features.store ?? (await openStore(config))
  if (features.store === undefined) onClose(() => store.close())
  for (const { name, slots } of deployed) {
    const models = slots.map(slot => slot.current().served)
    if (models.some(({ metadata }) => metadata.feature_service !== features.service.name)) continue
    for (const served of models) checkService(features.service, served)
    lookups.set(name, createFeatureLookup({ ...features, store }, policy))
  }
  return lookups
}

const openStore = async (config: Config): Promise<OnlineStore> => {
  const { openOnlineStore } = await import("@roadmap/feature-store/online/open")
  return openOnlineStore(config)
}

const openLog = async (
  config: Config,
  { predictionLog }: ServerOptions,
): Promise<PredictionLog | undefined> => {
  if (predictionLog === undefined || predictionLog === false) return undefined
  return openPredictionLog(
    predictionLog === true ? join(config.home, "prediction-log") : predictionLog.folder,
  )
}

const scoreEvents = (
  log: PredictionLog | undefined,
  shadowFailed: (live: Scored["live"], reason: string) => void,
): ScoreEvents => ({
  scored({ request, live, route, isShadow, latencyMs, features, predictions, keys }) {
    if (log === undefined) return
    const { name, version } = live.served
    log.record({
      time: Date.now() - latencyMs,
      requestId: request.id,
      ...(request.headers.traceparent !== undefined && { traceId: request.trace.traceId }),
      model: name,
      version,
      route: isShadow ? `${route} (shadow)` : route,
      latencyMs,
      features,
      predictions,
      ...(keys && { keys }),
    })
  },
  shadowFailed(live, error) {
    shadowFailed(live, error instanceof Error ? error.message : String(error))
  },
})

const modelsOf = (deployed: readonly Deployed[], watch: AliasWatch) =>
  deployed.flatMap(({ name, entries }) =>
    entries.map(({ reference, slot }) => ({
      reference,
      model: name,
      version: slot.current().served.version,
      degraded: watch.trouble(reference) !== undefined,
    })),
  )
