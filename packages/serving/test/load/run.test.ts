import { createServer } from "node:http"
import { describe, expect, test } from "vitest"
import type { Failure } from "../../src/load/dispatch.ts"
import { type LoadOptions, type LoadReport, runLoad } from "../../src/load/run.ts"
import type { KnownServer } from "../../testing/known-server.ts"
import { startKnownServer } from "../../testing/start-known-server.ts"

const short = { seconds: 0.6, warmupSeconds: 0.1, connections: 8 } as const

const measure = async (behaviour: KnownServer, options: Partial<LoadOptions> = {}): Promise<LoadReport> => {
  await using server = await startKnownServer(behaviour)
  return await runLoad({ url: server.url, arrivals: { kind: "constant", rate: 200 }, ...short, ...options })
}

const onlyErrors = ({ errors }: LoadReport) =>
  Object.entries(errors).flatMap(([failure, count]) => (count > 0 ? [failure] : []))

describe.concurrent("a load run", () => {
  test("sends what is due in the measured time and books every request once", async () => {
    const { requests, rate, slices, statuses, generator } = await measure({})
    expect(requests).toEqual({ scheduled: 120, sent: 120, ok: 120, failed: 0 })
    expect(rate).toEqual({ scheduled: 200, ok: 200 })
    expect(statuses).toEqual({ 200: 120 })
    expect(slices.map(({ scheduled, ok }) => [scheduled, ok])).toEqual([[120, 120]])
    expect(generator.lateMs.count).toBe(120)
    expect(generator.receivedBytes).toBeGreaterThan(120 * 70)
  })

  test("counts no latency below a server's known delay", async () => {
    const { latency } = await measure({ delayMs: 20 }, { connections: 32 })
    // Node's timers may be early by less than a millisecond.
    expect(latency.corrected.min).toBeGreaterThanOrEqual(19)
    expect(latency.naive.min).toBeGreaterThanOrEqual(19)
    expect(latency.corrected.count).toBe(120)
  })

  test("shows the wait behind too few connections only from when requests were due", async () => {
    // One connection and 20 ms each: 50 requests a second are answered, 100 are due.
    const { latency, requests } = await measure(
      { delayMs: 20 },
      { connections: 1, arrivals: { kind: "constant", rate: 100 }, warmupSeconds: 0 },
    )
    expect(requests.ok).toBe(60)
    // The last request was due at 590 ms and cannot be answered before 60 x 20 ms have passed.
    expect(latency.corrected.max).toBeGreaterThan(60 * 19 - 590)
    expect(latency.naive.p50!).toBeLessThan(latency.corrected.p50!)
  })

  test("shows a stall to every request that was due in it", async () => {
    await using server = await startKnownServer({ stallAfterMs: 500, stallMs: 1_000 })
    const { latency, distribution, slices } = await runLoad({
      url: server.url,
      arrivals: { kind: "constant", rate: 400 },
      seconds: 2,
      warmupSeconds: 0,
      connections: 8,
    })
    const stalledMs = server.stalledMs()!
    expect(stalledMs).toBeGreaterThanOrEqual(999)
    const slowShare = (side: "corrected" | "naive") =>
      1 - distribution.findLast(point => point[side] < 490)!.share
    // 200 of 800 requests were due in the first half of the stall and waited for at least its second half.
    expect(slowShare("corrected")).toBeGreaterThan(0.2)
    expect(latency.corrected.max!).toBeGreaterThan(980)
    expect(slowShare("naive")).toBeLessThan(slowShare("corrected"))
    expect(slices[0].max!).toBeGreaterThan(980)
  })

  test("sends bodies in turn, with their lengths, and the given headers", async () => {
    const seen: string[] = []
    const server = createServer(async (request, response) => {
      let body = ""
      for await (const part of request.setEncoding("utf8")) body += part
      const { authorization, "content-type": type } = request.headers
      seen.push(`${request.method} ${request.url} ${authorization} ${type} ${body}`)
      response.end("{}")
    })
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { port: number }
    try {
      await runLoad({
        url: `http://127.0.0.1:${port}/a?b=c`,
        arrivals: { kind: "constant", rate: 40 },
        headers: { Authorization: "Bearer x" },
        bodies: ['{"é":1}', "[]"],
        seconds: 0.1,
        warmupSeconds: 0,
        connections: 1,
      })
    } finally {
      server.close()
    }
    const line = (body: string) => `POST /a?b=c Bearer x application/json ${body}`
    expect(seen).toEqual([line('{"é":1}'), line("[]"), line('{"é":1}'), line("[]")])
  })
})

describe.concurrent("failures are told apart:", () => {
  const kinds: [kind: NonNullable<KnownServer["every"]>["kind"], failure: Failure][] = [
    ["status", "status"],
    ["reset", "reset"],
    ["garbage", "protocol"],
  ]
  test.each(kinds)("an answer that is a %s", async (kind, failure) => {
    const report = await measure({ every: { kind, of: 10 } })
    expect(onlyErrors(report)).toEqual([failure])
    expect(report.errors[failure]).toBeGreaterThanOrEqual(10)
    expect(report.requests.ok + report.errors[failure]).toBe(120)
  })

  test("a connection that the server closes after an answer is no failure", async () => {
    const report = await measure({ every: { kind: "close", of: 3 } })
    expect(onlyErrors(report)).toEqual([])
    expect(report.requests.ok).toBe(120)
  })

  test("an answer that never comes times out and counts with the time it was waited for", async () => {
    const report = await measure({ every: { kind: "silent", of: 20 } }, { timeoutMs: 150 })
    expect(report.errors.timeout).toBeGreaterThanOrEqual(4)
    expect(report.latency.corrected.max).toBeGreaterThanOrEqual(150)
    expect(report.latency.corrected.count).toBe(120)
  })

  test("requests for which no connection came free", async () => {
    const report = await measure({ every: { kind: "silent", of: 1 } }, { timeoutMs: 100, connections: 2 })
    expect(onlyErrors(report).sort()).toEqual(["timeout", "unsent"])
    expect(report.requests.ok).toBe(0)
    expect(report.errors.timeout + report.errors.unsent).toBe(120)
  })

  test("a server that goes away in mid run", async () => {
    await using server = await startKnownServer()
    const report = await runLoad(
      { url: server.url, arrivals: { kind: "constant", rate: 100 }, seconds: 4, warmupSeconds: 0 },
      { onProgress: ({ ok }) => ok > 0 && server.child.kill("SIGKILL") },
    )
    expect(report.errors.connect).toBeGreaterThan(0)
    expect(report.requests.ok).toBeGreaterThan(0)
    expect(report.requests.ok + report.requests.failed).toBe(400)
  })
})

describe.concurrent("a load run is refused", () => {
  test("with a server that is not there", async () => {
    const running = runLoad({ url: "http://127.0.0.1:9/", arrivals: { kind: "constant", rate: 1 }, ...short })
    await expect(running).rejects.toMatchObject({ code: "UNREACHABLE", exitCode: 3 })
  })

  test.each<[string, Partial<LoadOptions>, RegExp]>([
    ["an address that is none", { url: "ftp://x/" }, /url: an http/],
    ["no rate", { arrivals: { kind: "constant", rate: 0 } }, /arrivals\.rate/],
    ["steps without rates", { arrivals: { kind: "step", rates: [], stepSeconds: 1 } }, /arrivals\.rates/],
    ["no time", { seconds: 0 }, /seconds/],
    ["a header that would be two", { headers: { a: "x\r\nb: y" } }, /headers\.a/],
    ["a method without bodies", { method: "HEAD" }, /method/],
  ])("with %s", async (_, options, message) => {
    const running = runLoad({
      url: "http://127.0.0.1:9/",
      arrivals: { kind: "constant", rate: 1 },
      ...short,
      ...options,
    })
    await expect(running).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(message),
    })
  })

  test("when it is interrupted, and its thread ends", async () => {
    await using server = await startKnownServer()
    const stop = new AbortController()
    const seen: number[] = []
    const running = runLoad(
      { url: server.url, arrivals: { kind: "constant", rate: 100 }, seconds: 60 },
      {
        signal: stop.signal,
        onProgress({ scheduled }) {
          seen.push(scheduled)
          stop.abort()
        },
      },
    )
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" })
    expect(seen.length).toBeGreaterThan(0)
  })
})
