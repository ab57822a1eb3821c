import { connect } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { type AdmissionOptions, admission, signalOf } from "../../src/operate/admission.ts"
import { limitConnections, limitOptions, limitsSchema } from "../../src/operate/limits.ts"
import { createServingMetrics } from "../../src/operate/metrics.ts"
import { createRateLimiter } from "../../src/operate/rate-limit.ts"
import { bearerTokens, checkBinding } from "../../src/operate/tokens.ts"
import { ask, type Small, startSmall } from "./small-server.ts"

let small: Small | undefined
afterEach(async () => {
  await small?.close()
  small = undefined
})
const token = "0123456789abcdef0123456789abcdef"

const start = async (options: AdmissionOptions & { tokens?: Record<string, string> } = {}) => {
  const metrics = createServingMetrics()
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  small = await startSmall(async server => {
    await server.register(bearerTokens, { tokens: options.tokens ?? {}, metrics })
    await server.register(admission, { ...options, metrics })
    server.get("/now", async request => ({ left: request.deadline - performance.now() }))
    server.get("/held", async () => {
      await held
      return "done"
    })
    server.get("/waits", async (request, reply) => {
      const { signal, release } = signalOf(request, reply)
      try {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
      } finally {
        release()
      }
    })
    server.get("/health", { config: { probe: true } }, async () => "live")
  })
  return { port: small.port, metrics, release }
}

const inFlight = (metrics: { text(): Promise<string> }, requests: number) =>
  vi.waitFor(
    async () => expect(await metrics.text()).toContain(`http_requests_in_flight ${requests}\n`),
    10_000,
  )

describe("admission", () => {
  it("refuses what does not fit with 503 and Retry-After, lets probes in, and takes requests again", async () => {
    const { port, metrics, release } = await start({ maxInFlight: 2 })
    const held = [ask(port, "/held"), ask(port, "/held")]
    await inFlight(metrics, 2)
    const refused = await ask(port, "/now")
    expect(refused.status).toBe(503)
    expect(refused.headers["retry-after"]).toBe("1")
    expect(JSON.parse(refused.text).error_code).toBe("OVERLOADED")
    expect((await ask(port, "/health")).status).toBe(200)
    expect(await metrics.text()).toMatch(/http_requests_in_flight 2/)
    release()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
    expect((await ask(port, "/now")).status).toBe(200)
    expect(await metrics.text()).toMatch(/serving_refused_total\{reason="in_flight"\} 1/)
  })
  it("counts a request out whose client left", async () => {
    const { port, metrics } = await start({ maxInFlight: 1 })
    const leaving = new AbortController()
    const left = ask(port, "/held", { signal: leaving.signal })
    await inFlight(metrics, 1)
    leaving.abort()
    await expect(left).rejects.toThrow()
    await inFlight(metrics, 0)
    expect((await ask(port, "/now")).status).toBe(200)
  })
  it("gives each request a deadline, which a client may make shorter and not longer", async () => {
    const { port } = await start({ timeoutMs: 1_000 })
    const left = async (headers: Record<string, string>) =>
      JSON.parse((await ask(port, "/now", { headers })).text).left as number
    expect(await left({})).toBeGreaterThan(800)
    expect(await left({ "x-request-timeout-ms": "300" })).toBeLessThanOrEqual(300)
    expect(await left({ "x-request-timeout-ms": "999999" })).toBeLessThanOrEqual(1_000)
  })
  it.each(["0", "-5", "1.5", "soon", "1e3", "99999999999"])("refuses a patience of %j", async text => {
    const { port } = await start()
    const { status } = await ask(port, "/now", { headers: { "x-request-timeout-ms": text } })
    expect(status).toBe(400)
  })
  it("ends work that waits for others at the deadline, with 504", async () => {
    const { port } = await start()
    const { status, text } = await ask(port, "/waits", { headers: { "x-request-timeout-ms": "50" } })
    expect([status, JSON.parse(text).error_code]).toEqual([504, "TIMEOUT"])
  })
  it("limits each client by itself, with 429 and the time to wait", async () => {
    const tokens = { ann: `${token}ann`, bob: `${token}bob` }
    const { port } = await start({ rate: { perSecond: 0.2, burst: 3 }, tokens })
    const as = async (client: "ann" | "bob") => {
      const answer = await ask(port, "/now", { headers: { authorization: `Bearer ${tokens[client]}` } })
      return [answer.status, answer.headers["retry-after"]]
    }
    for (let i = 0; i < 3; i++) expect(await as("ann")).toEqual([200, undefined])
    expect(await as("ann")).toEqual([429, "5"])
    expect(await as("bob")).toEqual([200, undefined])
  })
})

describe("a rate limiter", () => {
  it("never lets more through in any window than rate and burst allow, and never less over time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 200 }),
        (perSecond, burst, gaps) => {
          let time = 0
          const limiter = createRateLimiter({ perSecond, burst }, { now: () => time })
          const passed: number[] = []
          for (const gap of gaps) {
            time += gap
            const wait = limiter.wait("a")
            if (wait === 0) passed.push(time)
            else {
              expect(wait).toBeLessThanOrEqual(1000 / perSecond + 1e-6)
              // A client that waits as long as it was told gets in.
              time += wait
              expect(limiter.wait("a")).toBeLessThan(1e-6)
              passed.push(time)
            }
          }
          passed.forEach((start, i) => {
            const window = passed.slice(i).filter(at => at < start + 1000)
            expect(window.length).toBeLessThanOrEqual(perSecond + burst)
          })
        },
      ),
      { numRuns: 50 },
    )
  })
  it("remembers a bounded number of clients, and forgets those first who have waited", () => {
    let time = 0
    const limiter = createRateLimiter({ perSecond: 1, burst: 1 }, { clients: 10, now: () => time })
    for (let i = 0; i < 1_000; i++) limiter.wait(`client-${i}`)
    time = 10
    expect(limiter.wait("client-999")).toBeGreaterThan(0)
    expect(limiter.wait("client-0")).toBe(0)
  })
})

describe("tokens", () => {
  it("asks everybody but probes, and says nothing of the right one", async () => {
    const { port, metrics } = await start({ tokens: { ann: token } })
    const with_ = async (authorization?: string) => {
      const answer = await ask(port, "/now", { headers: authorization ? { authorization } : {} })
      return { status: answer.status, challenge: answer.headers["www-authenticate"], text: answer.text }
    }
    expect(await with_()).toMatchObject({ status: 401, challenge: 'Bearer realm="serving"' })
    for (const wrong of [
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      "Bearer",
      "Bearer  ",
    ]) {
      const { status, text } = await with_(wrong)
      expect(status).toBe(401)
      expect(text).not.toContain(token)
    }
    expect((await with_(`bearer ${token}`)).status).toBe(200)
    expect((await ask(port, "/health")).status).toBe(200)
    expect(await metrics.text()).toMatch(/serving_refused_total\{reason="token"\} 6/)
  })
  it("must be there and hard to guess where others can reach the server", () => {
    expect(() => checkBinding("127.0.0.1", {})).not.toThrow()
    expect(() => checkBinding("::1", {})).not.toThrow()
    expect(() => checkBinding("0.0.0.0", {})).toThrow(/no token/)
    expect(() => checkBinding("0.0.0.0", { ann: token })).not.toThrow()
    expect(() => checkBinding("127.0.0.1", { ann: "secret" })).toThrow(/"ann" is too short/)
  })
})

describe("limits of a connection", () => {
  const limited = async (changes: Partial<Parameters<typeof limitsSchema.parse>[0] & object>) => {
    const limits = limitsSchema.parse(changes)
    small = await startSmall(server => {
      server.post("/echo", async request => request.body)
    }, limitOptions(limits))
    limitConnections(small.server.server, limits)
    return small.port
  }
  /** What the server says to raw bytes, and when it hangs up. */
  const say = (port: number, parts: readonly string[], pauseMs = 0) =>
    new Promise<string>(resolve => {
      let heard = ""
      const socket = connect(port, "127.0.0.1")
      socket.on("data", chunk => {
        heard += chunk
      })
      socket.on("error", () => {})
      socket.on("close", () => resolve(heard))
      void (async () => {
        for (const part of parts) {
          if (socket.destroyed) return
          socket.write(part)
          await delay(pauseMs)
        }
      })()
    })

  it("refuses a body that is too large before it is read", async () => {
    const port = await limited({ bodyBytes: 100 })
    expect((await ask(port, "/echo", { body: JSON.stringify("x".repeat(200)) })).status).toBe(413)
    expect((await ask(port, "/echo", { body: JSON.stringify("x".repeat(50)) })).status).toBe(200)
  })
  it("refuses __proto__ in a body", async () => {
    const port = await limited({})
    expect((await ask(port, "/echo", { body: '{"__proto__": {"admin": true}}' })).status).toBe(400)
  })
  it("cuts off who sends headers slowly, and serves the others meanwhile", async () => {
    const port = await limited({ headersMs: 200 })
    const slow = say(port, ["POST /echo HTTP/1.1\r\n", ...Array(50).fill("x: y\r\n")], 40)
    await delay(100)
    expect((await ask(port, "/echo", { body: "1" })).status).toBe(200)
    expect(await slow).toMatch(/^HTTP\/1.1 408/)
  })
  it("cuts off who sends a body slowly", async () => {
    const port = await limited({ requestMs: 300, headersMs: 200 })
    const head =
      "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    expect(await say(port, [head, ...Array(50).fill("1")], 40)).toMatch(/^HTTP\/1.1 408/)
  })
  it("refuses headers that are too large", async () => {
    const port = await limited({ headerBytes: 1024 })
    const text = await say(port, [`GET /echo HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(5_000)}\r\n\r\n`])
    expect(text).toMatch(/^HTTP\/1.1 431/)
  })
  it("closes connections beyond the most", async () => {
    const port = await limited({ connections: 1 })
    const first = connect(port, "127.0.0.1")
    await new Promise(resolve => first.once("connect", resolve))
    expect(await say(port, ["GET /echo HTTP/1.1\r\nhost: a\r\n\r\n"])).toBe("")
    first.destroy()
  })
  it("refuses limits that make no sense", () => {
    expect(() => limitsSchema.parse({ bodyBytes: 0 })).toThrow()
    expect(() => limitsSchema.parse({ bodyByte: 1 })).toThrow()
  })
})
