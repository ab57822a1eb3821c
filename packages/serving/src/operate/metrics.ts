import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import type { PredictionLogStats } from "./prediction-log/log.ts"

export interface BatchFigures {
  rows: number
  requests: number
  ms: number
}

/** What Prometheus is told. Hot paths add to plain numbers; the text is made when it is asked for. */
export interface ServingMetrics {
  /** Of one answered request. Status 499: the client left before the answer. */
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void
  /** A request that was not let in. */
  countRefusal(reason: "in_flight" | "rate" | "token"): void
  countReload(model: string, outcome: "moved" | "failed"): void
  /** The batcher's `onBatch` for one version of a model. */
  batchesOf(model: string, version: number): (batch: BatchFigures) => void
  /** Figures that are asked for whenever the text is made. */
  watch(sources: MetricSources): void
  /** The text of the exposition format, and its media type. */
  text(): Promise<string>
  readonly contentType: string
}

export interface MetricSources {
  inFlight?: () => number
  waitingRows?: () => number
  predictionLog?: () => PredictionLogStats
  /** What each served reference (`flight-late@champion`) means now. */
  models?: () => readonly { reference: string; model: string; version: number; degraded: boolean }[]
}

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export const createServingMetrics = (): ServingMetrics => {
  const registry = new Registry()
  const registers = [registry]
  let sources: MetricSources = {}
  collectDefaultMetrics({ register: registry })

  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "From the request's arrival to its last byte, by route and status; 499 is a client that left",
    labelNames: ["method", "route", "status"],
    buckets,
    registers,
  })
  const refused = new Counter({
    name: "serving_refused_total",
    help: "Requests that were not let in: too many in flight, above the client's rate, without a valid token",
    labelNames: ["reason"],
    registers,
  })
  const reloads = new Counter({
    name: "serving_reloads_total",
    help: "Changes of a served alias: moved to another version, or failed to",
    labelNames: ["model", "outcome"],
    registers,
  })
  const figures = new Map<
    string,
    { model: string; version: number; sums: BatchFigures & { calls: number } }
  >()
  const sum = (name: string, help: string, value: (sums: BatchFigures & { calls: number }) => number) =>
    new Counter({
      name,
      help,
      labelNames: ["model", "version"],
      registers,
      collect() {
        this.reset()
        for (const { model, version, sums } of figures.values()) this.inc({ model, version }, value(sums))
      },
    })
  sum("model_rows_total", "Rows scored", sums => sums.rows)
  sum("model_requests_total", "Requests scored", sums => sums.requests)
  sum(
    "model_calls_total",
    "Calls of the model; fewer than requests when these were joined",
    sums => sums.calls,
  )
  sum("model_seconds_total", "Time inside the model", sums => sums.ms / 1000)

  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const now = value()
        if (now !== undefined) this.set(now)
      },
    })
  gauge("http_requests_in_flight", "Requests let in and not answered yet", () => sources.inFlight?.())
  gauge("serving_waiting_rows", "Rows that wait to be scored", () => sources.waitingRows?.())
  gauge(
    "prediction_log_waiting_rows",
    "Rows that wait to be written",
    () => sources.predictionLog?.().waiting,
  )
  new Counter({
    name: "prediction_log_rows_total",
    help: "Rows of the prediction log: recorded, dropped because its buffer was full, written, lost by the disk",
    labelNames: ["outcome"],
    registers,
    collect() {
      const stats = sources.predictionLog?.()
      if (!stats) return
      this.reset()
      for (const outcome of ["recorded", "dropped", "written", "lost"] as const)
        this.inc({ outcome }, stats[outcome])
    },
  })
  new Gauge({
    name: "serving_model_version",
    help: "The version that each served reference means now",
    labelNames: ["reference", "model"],
    registers,
    collect() {
      this.reset()
      for (const { reference, model, version } of sources.models?.() ?? [])
        this.set({ reference, model }, version)
    },
  })
  new Gauge({
    name: "serving_degraded",
    help: "1 while a served reference cannot be followed: the registry is away, or the new version cannot be loaded",
    labelNames: ["reference", "model"],
    registers,
    collect() {
      this.reset()
      for (const { reference, model, degraded } of sources.models?.() ?? [])
        this.set({ reference, model }, degraded ? 1 : 0)
    },
  })

  return {
    observeRequest: ({ method, route, status, seconds }) =>
      duration.observe({ method, route, status }, seconds),
    countRefusal: reason => refused.inc({ reason }),
    countReload: (model, outcome) => reloads.inc({ model, outcome }),
    batchesOf(model, version) {
      const key = JSON.stringify([model, version])
      const known = figures.get(key) ?? { model, version, sums: { calls: 0, rows: 0, requests: 0, ms: 0 } }
      figures.set(key, known)
      const { sums } = known
      return ({ rows, requests, ms }) => {
        sums.calls++
        sums.rows += rows
        sums.requests += requests
        sums.ms += ms
      }
    },
    watch(more) {
      sources = { ...sources, ...more }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
