import { RoadmapError } from "@roadmap/core/errors"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { AnswerView } from "../src/ask/view.ts"
import type { Script } from "../testing/scripted-assistant.ts"
import { proxyScript, type SmallServer, startSmall } from "../testing/start-small.ts"

const scripts: Record<string, Script> = {
  proxy: proxyScript,
  peru: { pieces: ["The documents do not say."], decline: "off-topic" },
  "fails before": {
    failBefore: new RoadmapError("UNREACHABLE", "The provider is away.", { retryable: true }),
  },
  "fails in the middle": {
    pieces: ["One. ", "Two."],
    failAfter: { pieces: 1, error: new RoadmapError("SERVICE_FAILED", "The provider broke off.") },
  },
  "wrong key": { failBefore: new RoadmapError("AUTH_FAILED", "The provider refused the key.") },
  bug: { failBefore: new RoadmapError("INTERNAL", "secret of the inside") },
  never: { pieces: ["x"], gate: () => new Promise(() => undefined) },
}

let server: SmallServer

beforeAll(async () => {
  server = await startSmall(question => scripts[question] ?? proxyScript)
})
afterAll(() => server?.[Symbol.asyncDispose]())

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  })

const errorOf = async (answer: Response): Promise<{ status: number; code: string; message: string }> => {
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  return { status: answer.status, code: error.code, message: error.message }
}

/** The events of a whole stream. */
const eventsOf = async (answer: Response): Promise<{ event: string; data: Record<string, unknown> }[]> =>
  (await answer.text())
    .split("\n\n")
    .filter(block => block !== "" && !block.startsWith(":"))
    .map(block => {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? []
      return { event, data: JSON.parse(data) }
    })

test("a question is answered as JSON, with citations that are the document's own characters", async () => {
  const answer = await post({ question: "proxy" })
  expect(answer.status).toBe(200)
  const body = (await answer.json()) as { answer: AnswerView }
  expect(body.answer).toMatchObject({ status: "answered", confidence: 0.93 })
  const [citation] = body.answer.citations
  const document = await server.index.document(citation.documentId)
  expect(document?.text.slice(citation.start, citation.end)).toBe(citation.quote)
  expect(body.answer.passages[0]).toMatchObject({ source: "guide", scores: { bm25Rank: 1 } })
})

test("a decline is an answer, not an error", async () => {
  const answer = await post({ question: "peru" })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    answer: { status: "declined", reason: "off-topic", citations: [] },
  })
})

test.each([
  ["the body's field stream", { stream: true }, {}],
  ["the header Accept", {}, { accept: "text/event-stream" }],
])("%s asks for events, which come in their order and join to the answer", async (_, body, headers) => {
  const answer = await post({ question: "proxy", ...body }, headers)
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8")
  const events = await eventsOf(answer)
  expect(events.map(({ event }) => event)).toEqual(["passages", "text", "text", "citation", "done"])
  const texts = events.filter(({ event }) => event === "text").map(({ data }) => data.text)
  expect(events.at(-1)?.data).toMatchObject({ answer: { text: texts.join("") } })
})

test("a client that takes JSON and says stream: false gets JSON", async () => {
  const answer = await post({ question: "proxy", stream: false }, { accept: "text/event-stream" })
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/)
})

test("turns and filter reach the assistant", async () => {
  const history = [{ question: "What is fastify?", answer: "A framework." }]
  await post({ question: "and its proxy?", history, filter: { source: { in: ["guide"] } } })
  expect(server.asked.at(-1)).toMatchObject({ history, filter: { source: { in: ["guide"] } } })
})

test("a provider that fails before the answer gives an HTTP status, streamed or not", async () => {
  for (const stream of [false, true]) {
    const answer = await post({ question: "fails before", stream })
    expect(answer.headers.get("retry-after")).toBe("1")
    expect(await errorOf(answer)).toEqual({
      status: 503,
      code: "UNREACHABLE",
      message: "The provider is away.",
    })
  }
})

test("a provider that fails in mid stream gives the event error as the last, after what had come", async () => {
  const events = await eventsOf(await post({ question: "fails in the middle", stream: true }))
  expect(events.map(({ event }) => event)).toEqual(["passages", "text", "error"])
  expect(events.at(-1)?.data).toEqual({
    error: { code: "SERVICE_FAILED", message: "The provider broke off.", retryable: false },
  })
})

test("a provider that refuses this server's key is no 401 for the client", async () => {
  expect(await errorOf(await post({ question: "wrong key" }))).toMatchObject({
    status: 502,
    code: "SERVICE_FAILED",
  })
})

test("a fault of the program says nothing of its inside", async () => {
  const error = await errorOf(await post({ question: "bug" }))
  expect(error).toMatchObject({ status: 500, code: "INTERNAL" })
  expect(error.message).not.toContain("secret")
})

test("a client that leaves ends the work", async () => {
  const controller = new AbortController()
  const answer = await fetch(`${server.url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question: "never", stream: true }),
    signal: controller.signal,
  })
  const { signal } = server.asked.at(-1) ?? {}
  const reading = answer.text().catch(() => "left")
  expect(signal?.aborted).toBe(false)
  controller.abort()
  expect(await reading).toBe("left")
  await expect.poll(() => signal?.aborted).toBe(true)
  expect(signal?.reason).toMatchObject({ code: "INTERRUPTED" })
})

test("a question past its deadline is answered with TIMEOUT", async () => {
  const answer = await post({ question: "never" }, { "x-request-timeout-ms": "50" })
  expect(await errorOf(answer)).toMatchObject({ status: 504, code: "TIMEOUT" })
})

const long = "word ".repeat(200_000)

test.each<[string, unknown, number, string, RegExp]>([
  ["a question of 1 MB", { question: long }, 413, "LIMIT_EXCEEDED", /question has|larger/],
  [
    "a body above the limit",
    { question: long + long },
    413,
    "LIMIT_EXCEEDED",
    /larger than the 1048576 bytes/,
  ],
  ["no question", {}, 400, "INVALID_INPUT", /question/],
  ["an empty question", { question: " \n " }, 400, "INVALID_INPUT", /empty/],
  ["control characters alone", { question: "\u0000\u0007\u001b" }, 400, "INVALID_INPUT", /empty/],
  ["half a surrogate pair", '{"question":"a \\ud800"}', 400, "INVALID_INPUT", /surrogate/],
  ["a number for a question", { question: 7 }, 400, "INVALID_INPUT", /question/],
  ["an unknown field", { question: "proxy", temperature: 1 }, 400, "INVALID_INPUT", /temperature/],
  ["the same key twice", '{"question":"a","question":"b"}', 400, "INVALID_INPUT", /twice/],
  ["no JSON", "{question: proxy}", 400, "INVALID_INPUT", /JSON/],
  ["no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), 400, "INVALID_INPUT", /UTF-8/],
  ["a name of the prototype", '{"question":"a","filter":{"__proto__":"x"}}', 400, "INVALID_INPUT", /./],
  [
    "a filter of no form",
    { question: "a", filter: { source: { like: "x" } } },
    400,
    "INVALID_INPUT",
    /filter/,
  ],
  ["a turn without answer", { question: "a", history: [{ question: "b" }] }, 400, "INVALID_INPUT", /answer/],
])("%s is refused with its code", async (_, body, status, code, message) => {
  const before = server.asked.length
  const error = await errorOf(await post(body))
  expect(error).toMatchObject({ status, code })
  expect(error.message).toMatch(message)
  expect(error.message.length).toBeLessThan(400)
  expect(server.asked.length).toBe(before)
})

test("control characters among words do not reach the assistant", async () => {
  await post({ question: "trust\u0000 the\u202e proxy?" })
  expect(server.asked.at(-1)?.question).toBe("trust the proxy?")
})

test("another content type is refused", async () => {
  expect(await errorOf(await post("question=proxy", { "content-type": "text/plain" }))).toMatchObject({
    status: 400,
    code: "INVALID_INPUT",
  })
})
