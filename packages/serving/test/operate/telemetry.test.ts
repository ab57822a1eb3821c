import { execFile } from "node:child_process"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { RoadmapError } from "@roadmap/core/errors"
import { createLogger } from "@roadmap/core/logger"
import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { createServingMetrics } from "../../src/operate/metrics.ts"
import { telemetry } from "../../src/operate/telemetry.ts"
import { parseTraceparent, requestIdOf, toTraceparent, traceOf } from "../../src/operate/trace.ts"
import { ask, type Small, startSmall } from "./small-server.ts"

let small: Small | undefined
afterEach(async () => {
  await small?.close()
  small = undefined
})

const start = async (options: { sampleRate?: number; slowMs?: number } = {}) => {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger("info", { write: text => lines.push(JSON.parse(text)) })
  const metrics = createServingMetrics()
  small = await startSmall(async server => {
    await server.register(telemetry, { logger, metrics, sampleRate: 1, ...options })
    server.post("/score/:model", async () => "scored")
    server.get("/trace", async request => request.trace)
    server.get("/slow", async () => {
      await delay(60)
      return "slow"
    })
    server.get("/held", () => delay(2_000))
    server.get("/fails", async () => {
      throw new RoadmapError("STATE_CORRUPT", "The model's file is broken.")
    })
    server.get("/breaks", async () => {
      throw new TypeError("nobody foresaw this")
    })
    server.get("/health", { config: { probe: true } }, async () => "live")
  })
  return { port: small.port, lines, metrics }
}

describe("a request's log line", () => {
  it("has ids, route, status and time, and nothing of address, headers or body", async () => {
    const { port, lines } = await start()
    const answer = await ask(port, "/score/flight-late?key=secret-in-url", {
      body: JSON.stringify({ passenger: "secret-in-body" }),
      headers: { authorization: "Bearer secret-in-header", "x-request-id": "order-17" },
    })
    expect(answer.headers["x-request-id"]).toBe("order-17")
    await expect.poll(() => lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      requestId: "order-17",
      method: "POST",
      route: "/score/:model",
      status: 200,
      ms: expect.any(Number),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(JSON.stringify(lines)).not.toContain("secret")
  })
  it("continues the caller's trace", async () => {
    const { port, lines } = await start()
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    const { text } = await ask(port, "/trace", { headers: { traceparent } })
    await expect.poll(() => lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      parentId: "00f067aa0ba902b7",
      spanId: JSON.parse(text).spanId,
    })
  })
  it("is written for every failure and every slow request, whatever the sampling", async () => {
    const { port, lines } = await start({ sampleRate: 0, slowMs: 40 })
    await ask(port, "/score/a", { body: "1" })
    await ask(port, "/health")
    await ask(port, "/fails")
    await ask(port, "/slow")
    await expect.poll(() => lines.length).toBe(2)
    expect(lines[0]).toMatchObject({
      level: 50,
      status: 500,
      code: "STATE_CORRUPT",
      reason: "The model's file is broken.",
    })
    expect(lines[0]).not.toHaveProperty("stack")
    expect(lines[1]).toMatchObject({ level: 40, msg: "request was slow" })
  })
  it("has the place in the code of what nobody foresaw, which the client is not told", async () => {
    const { port, lines } = await start()
    const { text } = await ask(port, "/breaks")
    await expect.poll(() => lines).toHaveLength(1)
    expect(lines[0].stack).toMatch(/telemetry\.test\.ts/)
    expect(text).not.toContain(".ts")
  })
  it("is written for the sampled share, and all services of a trace choose alike", async () => {
    const { port, lines } = await start({ sampleRate: 0.5 })
    const send = (id: string) =>
      ask(port, "/trace", { headers: { traceparent: `00-${"a".repeat(24)}${id}-00f067aa0ba902b7-00` } })
    for (let i = 0; i < 3; i++) {
      await send("00000001")
      await send("ffffffff")
    }
    await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(3), 10_000)
    expect(lines.map(({ traceId }) => String(traceId).slice(-8))).toEqual(Array(3).fill("00000001"))
  })
  it("says 499 when the client left", async () => {
    const { port, lines, metrics } = await start()
    const leaving = new AbortController()
    const left = ask(port, "/held", { signal: leaving.signal })
    setTimeout(() => leaving.abort(), 30)
    await expect(left).rejects.toThrow()
    await expect.poll(() => lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ route: "/held", status: 499 })
    expect(await metrics.text()).toContain('route="/held",status="499"} 1')
  })
})

describe("metrics", () => {
  it("count and time requests by route and status, in Prometheus' text", async () => {
    const { port } = await start()
    await ask(port, "/score/a", { body: "1" })
    await ask(port, "/score/b", { body: "1" })
    await ask(port, "/nowhere/else")
    const { text, headers } = await ask(port, "/metrics")
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(text).toContain(
      'http_request_duration_seconds_count{method="POST",route="/score/:model",status="200"} 2',
    )
    expect(text).toContain('http_request_duration_seconds_count{method="GET",route="(none)",status="404"} 1')
    const [, seconds] = /duration_seconds_sum\{method="POST"[^}]*\} (\S+)/.exec(text) ?? []
    expect(Number(seconds)).toBeGreaterThan(0)
    expect(text).toMatch(/nodejs_eventloop_lag_seconds/)
  })
  it("show what the parts say when they are asked", async () => {
    const metrics = createServingMetrics()
    const onBatch = metrics.batchesOf("flight-late", 3)
    onBatch({ rows: 10, requests: 4, ms: 2 })
    onBatch({ rows: 5, requests: 1, ms: 1 })
    metrics.countReload("flight-late", "moved")
    let version = 3
    metrics.watch({
      waitingRows: () => 7,
      models: () => [{ reference: "flight-late@champion", model: "flight-late", version, degraded: false }],
    })
    metrics.watch({
      predictionLog: () => ({ recorded: 9, dropped: 2, written: 6, lost: 1, waiting: 2, files: 1 }),
    })
    const text = await metrics.text()
    for (const line of [
      'model_rows_total{model="flight-late",version="3"} 15',
      'model_requests_total{model="flight-late",version="3"} 5',
      'model_calls_total{model="flight-late",version="3"} 2',
      'model_seconds_total{model="flight-late",version="3"} 0.003',
      'serving_reloads_total{model="flight-late",outcome="moved"} 1',
      "serving_waiting_rows 7",
      "prediction_log_waiting_rows 2",
      'prediction_log_rows_total{outcome="dropped"} 2',
      'serving_model_version{reference="flight-late@champion",model="flight-late"} 3',
      'serving_degraded{reference="flight-late@champion",model="flight-late"} 0',
    ])
      expect(text).toContain(line)
    version = 4
    expect(await metrics.text()).toMatch(/serving_model_version\{[^}]*\} 4/)
  })
})

describe("a trace", () => {
  it.each([
    ["", "empty"],
    ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", "without flags"],
    ["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "capitals"],
    ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", "no trace"],
    ["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "no parent"],
    ["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "no version"],
    ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", "more than version 00 has"],
  ])("is not continued from %j (%s)", header => {
    expect(parseTraceparent(header)).toBeUndefined()
  })
  it("is continued from a later version of the standard", () => {
    const header = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-what-comes"
    expect(parseTraceparent(header)).toMatchObject({ parentId: "00f067aa0ba902b7", sampled: true })
  })
  it("can be passed on: what is sent is read as the same trace", () => {
    fc.assert(
      fc.property(fc.string(), noise => {
        const trace = traceOf(noise)
        expect(parseTraceparent(toTraceparent(trace))).toEqual({
          traceId: trace.traceId,
          parentId: trace.spanId,
          sampled: trace.sampled,
        })
      }),
    )
  })
  it("has an id of its own for each request, and the client's where it is harmless", () => {
    const ids = Array.from({ length: 1_000 }, () => requestIdOf({ headers: {} }))
    expect(new Set(ids).size).toBe(1_000)
    expect(requestIdOf({ headers: { "x-request-id": "a.b_c-1" } })).toBe("a.b_c-1")
    for (const bad of ["", 'a"b', "a\nb", "x".repeat(129), "ü"])
      expect(requestIdOf({ headers: { "x-request-id": bad } })).not.toBe(bad)
  })
})

describe("a log stream", () => {
  const script = `
    import { createLogStream } from ${JSON.stringify(new URL("../../src/operate/log-stream.ts", import.meta.url).href)}
    const stream = createLogStream({ fd: 1, capacity: 200_000 })
    const started = performance.now()
    for (let i = 0; i < 20_000; i++) stream.write(JSON.stringify({ i, pad: "x".repeat(20) }) + "\\n")
    await new Promise(setImmediate)
    const stuck = performance.now() - started
    await stream.flush()
    console.error(JSON.stringify({ stuck, dropped: stream.dropped() }))
  `
  it("drops and counts what a slow reader does not take, in whole lines, and does not wait for it", async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      "--input-type=module-typescript",
      "-e",
      script,
    ])
    const lines = stdout.trimEnd().split("\n")
    const { dropped } = JSON.parse(stderr) as { dropped: number }
    expect(lines.map(line => JSON.parse(line).i)).toEqual(lines.map((_, i) => i))
    expect(lines.length + dropped).toBe(20_000)
    expect(dropped).toBeGreaterThan(0)
  })
})
