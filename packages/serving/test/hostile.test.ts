import { connect, type Socket } from "node:net"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type RunningServer, startServer } from "../src/server.ts"
import {
  codeSignature,
  contentOf,
  delayOutput,
  smallModel,
  type TestHome,
  testHome,
} from "../testing/models.ts"

let home: TestHome
let server: RunningServer
let port: number
const good = '{"inputs":[{"hour":8,"distance":500,"weekday":1}]}'

beforeAll(async () => {
  home = await testHome()
  await home.register("delay", contentOf(await smallModel(), codeSignature(delayOutput)))
  server = await startServer(home.config, {
    models: ["delay"],
    port: 0,
    registry: home.registry,
    threads: 0,
    limits: { bodyBytes: 100_000, headersMs: 300, requestMs: 600, headerBytes: 4_096 },
  })
  port = Number(new URL(server.url).port)
})
afterAll(async () => {
  await server.close()
  await home[Symbol.asyncDispose]()
})
/** Whatever was sent before: the server answers the next one. */
afterEach(async () => {
  const answer = await exchange(post(good))
  expect(answer).toContain("200 OK")
})

const post = (body: string, headers: Record<string, string> = {}, path = "/invocations") => {
  const all = {
    host: "localhost",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`
}

/** Sends the bytes and reads until the server ends the connection. */
const exchange = (
  bytes: string | Buffer,
  onOpen: (socket: Socket) => void = () => undefined,
): Promise<string> =>
  new Promise(resolve => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.on("data", data => {
      text += data
    })
    socket.on("error", () => undefined)
    socket.on("close", () => resolve(text))
    socket.write(bytes)
    onOpen(socket)
  })

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

describe("bodies", () => {
  it.each([
    ["nothing", ""],
    ["half of a body", good.slice(0, 30)],
    ["two values", `${good}${good}`],
    ["a trailing comma", '{"inputs":[{"hour":8,"distance":500,"weekday":1,}]}'],
    ["a comment", `/* */${good}`],
    ["single quotes", "{'inputs':[]}"],
    ["deep nesting", "[".repeat(50_000)],
    ["deep and closed nesting", `{"inputs":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
    [
      "a deep row",
      `{"inputs":[{"hour":${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)},"distance":1,"weekday":1}]}`,
    ],
    [
      "a number of ten thousand digits",
      `{"inputs":[{"hour":${"9".repeat(10_000)},"distance":1,"weekday":1}]}`,
    ],
    ["a control character in a text", '{"inputs":[{"hour":"\u0001","distance":1,"weekday":1}]}'],
    ["a lone surrogate as a name", '{"inputs":[{"\\ud800":1,"hour":8,"distance":500,"weekday":1}]}'],
    ["a byte order mark", `\ufeff${good}`],
    ["__proto__ as the body's form", '{"__proto__":[{"hour":8,"distance":500,"weekday":1}]}'],
    [
      "ten thousand unknown columns",
      `{"inputs":[{${Array.from({ length: 9_000 }, (_, i) => `"c${i}":1`).join(",")}}]}`,
    ],
  ])("%s is 400 with a short message", async (_, body) => {
    const answer = await exchange(post(body))
    expect(statusOf(answer)).toBe(400)
    const { error_code, message } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))
    expect(error_code).toMatch(/BAD_REQUEST|INVALID_PARAMETER_VALUE/)
    expect(message.length).toBeLessThan(1_200)
  })

  it("a body above the limit is 413 by its length, and by its chunks when it hides it", async () => {
    const long = `{"inputs":"${"x".repeat(200_000)}"}`
    expect(statusOf(await exchange(post(long)))).toBe(413)
    const chunk = `${(50_000).toString(16)}\r\n${"x".repeat(50_000)}\r\n`
    const head =
      "POST /invocations HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    expect(statusOf(await exchange(head + chunk.repeat(4)))).toBe(413)
  })

  it("a length that promises 100 MB is refused before they come", async () => {
    expect(statusOf(await exchange(post("", { "content-length": String(100 * 2 ** 20) })))).toBe(413)
  })

  it("compressed bodies are no JSON", async () => {
    const status = statusOf(await exchange(post(good, { "content-encoding": "gzip" })))
    expect([200, 400, 415]).toContain(status)
  })
})

describe("requests", () => {
  it.each([
    ["no HTTP at all", "hello\r\n\r\n", 400],
    ["an unknown method", "BREW / HTTP/1.1\r\nhost: a\r\n\r\n", 400],
    ["no host", "GET /ping HTTP/1.1\r\n\r\n", 400],
    ["two lengths", post(good, { "content-length": "5\r\ncontent-length: 6" }), 400],
    ["a length and chunks", post(good, { "transfer-encoding": "chunked" }), 400],
    ["headers without end", `GET /ping HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(10_000)}\r\n\r\n`, 431],
    [
      "a path that is no URL encoding",
      "GET /models/%zz/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
      400,
    ],
    ["a path out of the root", "GET /../../etc/passwd HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 404],
    ["a model named __proto__", post(good, {}, "/models/__proto__/invocations"), 404],
    ["a timeout that is no number", post(good, { "x-request-timeout-ms": "soon" }), 400],
    ["PROPFIND", "PROPFIND /invocations HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", 405],
  ])("%s", async (_, bytes, status) => {
    expect(statusOf(await exchange(bytes))).toBe(status)
  })

  it("twenty pipelined requests get twenty answers in their order", async () => {
    const rows = Array.from({ length: 20 }, (_, hour) => ({ hour, distance: 500, weekday: 1 }))
    const requests = rows.map((row, at) =>
      post(JSON.stringify({ inputs: [row] }), {
        connection: at === 19 ? "close" : "keep-alive",
        "x-request-id": `number-${at}`,
      }),
    )
    const answer = await exchange(requests.join(""))
    expect([...answer.matchAll(/x-request-id: number-(\d+)/g)].map(([, at]) => Number(at))).toEqual([
      ...rows.keys(),
    ])
    expect(answer.match(/"prediction":/g)).toHaveLength(20)
  })
})

describe("clients", () => {
  it("one that sends its headers slowly is cut off", async () => {
    const answer = await exchange("POST /invocations HTTP/1.1\r\nhost: a\r\n", socket => {
      const drip = setInterval(() => socket.write("x: y\r\n"), 50)
      socket.on("close", () => clearInterval(drip))
    })
    expect(answer === "" || statusOf(answer) === 408).toBe(true)
  })

  it("one that sends its body slowly is cut off", async () => {
    const answer = await exchange(post(good).slice(0, -20), socket => {
      const drip = setInterval(() => socket.write(" "), 200)
      socket.on("close", () => clearInterval(drip))
    })
    expect(answer === "" || statusOf(answer) === 408).toBe(true)
  })

  it("two hundred that leave in mid request, and in mid answer, take nothing along", async () => {
    const before = process.memoryUsage().heapUsed
    const many = JSON.stringify({
      inputs: Array.from({ length: 1_000 }, () => ({ hour: 8, distance: 500, weekday: 1 })),
    })
    for (let i = 0; i < 200; i++)
      await new Promise<void>(resolve => {
        const socket = connect(port, "127.0.0.1", () => {
          socket.write(i % 2 === 0 ? post(many).slice(0, 500) : post(many), () => socket.destroy())
        })
        socket.on("close", () => resolve())
        socket.on("error", () => undefined)
      })
    const answer = await fetch(`${server.url}/metrics`)
    expect(await answer.text()).toMatch(/http_requests_in_flight 1\n/)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 2 ** 20)
  })
})

it("no answer says what the server is made of", async () => {
  const answer = await exchange(post("{"))
  expect(answer).not.toMatch(/node_modules|\.ts\b|\bat \w+ \(|x-powered-by|fastify/i)
})
