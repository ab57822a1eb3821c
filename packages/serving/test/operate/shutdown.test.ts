import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { request } from "node:https"
import { type AddressInfo, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { localhostCertificate } from "@roadmap/services/certificate"
import fastify from "fastify"
import { afterEach, describe, expect, it, vi } from "vitest"
import { limitsSchema, transportLimits } from "../../src/operate/limits.ts"
import { createShutdown, type ShutdownOptions } from "../../src/operate/shutdown.ts"
import { readTls } from "../../src/operate/tls.ts"
import { ask, startSmall } from "./small-server.ts"

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const start = async (options: Partial<ShutdownOptions> = {}) => {
  const closed: string[] = []
  let arrived = 0
  const small = await startSmall(
    server => {
      server.get("/quick", async () => "quick")
      server.get<{ Querystring: { ms: string } }>("/takes", async ({ query }) => {
        arrived++
        await delay(Number(query.ms))
        return "done"
      })
    },
    { return503OnClosing: false },
  )
  closers.push(small.close)
  const shutdown = createShutdown({
    server: small.server,
    after: [
      async () => {
        closed.push("log")
      },
      async () => {
        closed.push("models")
      },
    ],
    ...options,
  })
  /** Resolves when so many slow requests are in work: one that the server has not seen is not its to finish. */
  const inWork = (requests: number) => vi.waitFor(() => expect(arrived).toBe(requests), 10_000)
  return { port: small.port, shutdown, closed, inWork }
}

describe("a shutdown", () => {
  it("finishes every request that was begun, then closes what they needed, in order", async () => {
    const { port, shutdown, closed, inWork } = await start()
    const begun = Array.from({ length: 10 }, (_, i) => ask(port, `/takes?ms=${300 + 10 * i}`))
    await inWork(10)
    const drained = await shutdown.close()
    expect(drained).toEqual({ finished: true, errors: [] })
    expect((await Promise.all(begun)).map(({ status, text }) => [status, text])).toEqual(
      Array(10).fill([200, "done"]),
    )
    expect(closed).toEqual(["log", "models"])
    await expect(ask(port, "/quick")).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
  })
  it("still serves while balancers learn that it is not ready, and sends clients elsewhere", async () => {
    const { port, shutdown } = await start({ notReadyMs: 150 })
    const closing = shutdown.close()
    expect(shutdown.draining()).toBe(true)
    const answer = await ask(port, "/quick")
    expect([answer.status, answer.headers.connection]).toEqual([200, "close"])
    await closing
  })
  it("does not wait for connections that never sent a request", async () => {
    const { port, shutdown } = await start({ drainMs: 5_000 })
    const silent = connect(port, "127.0.0.1")
    silent.on("error", () => {})
    await new Promise(resolve => silent.once("connect", resolve))
    expect((await shutdown.close()).finished).toBe(true)
    silent.destroy()
  })
  it("cuts off requests that do not end in time, and says so", async () => {
    const { port, shutdown, closed, inWork } = await start({ drainMs: 100 })
    const begun = ask(port, "/takes?ms=60000")
    const refused = expect(begun).rejects.toThrow()
    await inWork(1)
    expect((await shutdown.close()).finished).toBe(false)
    await refused
    expect(closed).toEqual(["log", "models"])
  })
  it("closes the rest when one part cannot be closed, and happens once", async () => {
    const closed: string[] = []
    const { shutdown } = await start({
      after: [
        () => Promise.reject(new Error("the disk is gone")),
        async () => {
          closed.push("models")
        },
      ],
    })
    const [first, second] = await Promise.all([shutdown.close(), shutdown.close()])
    expect(first.errors.map(({ message }) => message)).toEqual(["the disk is gone"])
    expect(second).toBe(first)
    expect(closed).toEqual(["models"])
  })
})

it("a part that hangs does not keep the others open", async () => {
  const closed: string[] = []
  const { shutdown } = await start({
    closeMs: 50,
    after: [
      () => new Promise(() => {}),
      async () => {
        closed.push("log")
      },
    ],
  })
  const { errors } = await shutdown.close()
  expect(errors).toMatchObject([{ code: "TIMEOUT" }])
  expect(closed).toEqual(["log"])
})

describe("TLS", () => {
  it("serves with a certificate, and refuses clients of TLS 1.1", async () => {
    const folder = await mkdtemp(join(tmpdir(), "serving-tls-"))
    closers.push(() => rm(folder, { recursive: true, force: true }))
    const { certificate, key } = await localhostCertificate(folder)
    const tls = await readTls({ cert: certificate, key })
    const server = fastify({ https: { ...tls, ...transportLimits(limitsSchema.parse({})) } })
    server.get("/", async () => "private")
    await server.listen({ port: 0, host: "127.0.0.1" })
    closers.push(() => server.close())
    const { port } = server.server.address() as AddressInfo
    const get = (options: object) =>
      new Promise<string>((resolve, reject) => {
        const sent = request({ port, host: "localhost", ca: tls.cert, ...options }, response => {
          response.setEncoding("utf8").on("data", resolve)
        })
        sent.on("error", reject).end()
      })
    expect(await get({})).toBe("private")
    await expect(get({ maxVersion: "TLSv1.1", minVersion: "TLSv1" })).rejects.toThrow()
    await writeFile(join(folder, "other.pem"), "not a key")
    await expect(readTls({ cert: certificate, key: join(folder, "other.pem") })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    })
    await expect(readTls({ cert: join(folder, "none.pem"), key })).rejects.toMatchObject({
      code: "FILE_MISSING",
    })
  })
})
