import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { attempt } from "../src/adapters/openai/attempts.ts"
import { type ChatOptions, openAiChatModel } from "../src/adapters/openai/chat.ts"
import { openAiEmbedder } from "../src/adapters/openai/embeddings.ts"
import { retryAfterOf } from "../src/adapters/openai/errors.ts"
import { azureOpenAi, openAi, openAiCompatible } from "../src/adapters/openai/provider.ts"
import { isStrict } from "../src/adapters/openai/request.ts"
import type { ChatChunk } from "../src/chat-model.ts"
import { collect } from "../src/collect.ts"
import { failureOf } from "../src/failure.ts"
import { openChatModel, openEmbedder } from "../src/open.ts"
import { type OpenAiStandIn, startOpenAiStandIn } from "../testing/openai-stand-in.ts"

const secret = "sk-stand-in-0123456789"
let standIn: OpenAiStandIn
beforeAll(async () => {
  standIn = await startOpenAiStandIn({ dialect: "openai", secret })
})
afterAll(() => standIn[Symbol.asyncDispose]())
afterEach(() => {
  standIn.faults = []
  standIn.seen = []
  standIn.pieceMs = 0
})

const quick = { baseMs: 1 }
const chat = (options: Partial<ChatOptions> = {}, apiKey = secret) =>
  openAiChatModel(openAi({ apiKey, baseUrl: `${standIn.url}/v1` }), {
    model: "gpt-4o",
    contextWindow: 2_000,
    retries: quick,
    ...options,
  })
const hello = { messages: [{ role: "user" as const, content: "Hello there, how are you today?" }] }

describe("before the first piece", () => {
  test.each([429, 500, 503, 408])("a %i that passes is asked again, and only then answered", async status => {
    standIn.faults = [{ status }, { status }]
    const { text } = await collect(chat().stream(hello))
    expect(text).toContain("You said: Hello there")
    expect(standIn.seen).toHaveLength(3)
  })

  test("the provider's wish for patience is kept, and told when it is too long to keep", async () => {
    standIn.faults = [{ status: 429, headers: { "retry-after-ms": "40" } }]
    const before = performance.now()
    await collect(chat().stream(hello))
    expect(performance.now() - before).toBeGreaterThan(39)
    standIn.seen = []
    standIn.faults = [{ status: 429, headers: { "retry-after": "120" } }]
    const error = await collect(chat().stream(hello)).catch(failure => failure)
    expect(error).toMatchObject({ code: "RATE_LIMITED", retryable: true })
    expect(failureOf(error)).toEqual({ status: 429, retryAfterMs: 120_000, requestId: "req-1" })
    expect(standIn.seen).toHaveLength(1)
  })

  test("attempts are counted, and the last failure is the one that is thrown", async () => {
    standIn.faults = [{ status: 500 }, { status: 502, html: true }, { status: 503 }, { status: 500 }]
    await expect(collect(chat().stream(hello))).rejects.toMatchObject({
      code: "SERVICE_FAILED",
      message: expect.stringContaining("(503)"),
    })
    expect(standIn.seen).toHaveLength(3)
  })

  test.each([
    [400, "INVALID_INPUT", {}],
    [401, "AUTH_FAILED", {}],
    [403, "AUTH_FAILED", {}],
    [404, "NOT_FOUND", {}],
    [413, "LIMIT_EXCEEDED", {}],
    [422, "INVALID_INPUT", {}],
    [429, "RATE_LIMITED", { code: "insufficient_quota" }],
    [400, "LIMIT_EXCEEDED", { type: "exceed_context_size_error" }],
  ])("a %i is %s, and not asked again", async (status, code, error) => {
    standIn.faults = [{ status, body: { error: { message: "the provider's own words", ...error } } }]
    await expect(collect(chat().stream(hello))).rejects.toMatchObject({
      code,
      retryable: false,
      message: expect.stringContaining("the provider's own words"),
      hint: expect.any(String),
    })
    expect(standIn.seen).toHaveLength(1)
  })

  test("Azure's content filter refuses a question and names what it found", async () => {
    const innererror = { content_filter_result: { hate: { filtered: false }, violence: { filtered: true } } }
    standIn.faults = [{ status: 400, body: { error: { code: "content_filter", message: "no", innererror } } }]
    await expect(collect(chat().stream(hello))).rejects.toMatchObject({
      code: "CONTENT_FILTERED",
      message: expect.stringContaining("(violence)"),
    })
  })

  test("a key that the provider repeats is in no part of the error", async () => {
    const wrong = "sk-somebody-elses-key-987654"
    const error = await collect(chat({}, wrong).stream(hello)).catch(failure => failure)
    expect(error).toMatchObject({ code: "AUTH_FAILED", hint: "Check OPENAI_API_KEY." })
    expect(error.message).toContain("[redacted]")
    expect(JSON.stringify([error, error.message, error.stack, error.cause, failureOf(error)])).not.toMatch(
      /987654/,
    )
  })

  test("a server that is not there is UNREACHABLE with its address", async () => {
    const provider = openAiCompatible({ baseUrl: "http://127.0.0.1:9/v1" })
    const model = openAiChatModel(provider, { model: "m", contextWindow: 100, retries: quick })
    await expect(collect(model.stream(hello))).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("127.0.0.1:9"),
    })
  })

  test("a silent server is late, and the request is closed", async () => {
    standIn.faults = [{ stall: "before the first piece" }]
    const model = chat({ deadlines: { firstTokenMs: 30 } })
    await expect(collect(model.stream(hello))).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("did not begin its answer within 0.03 s"),
    })
    await expect.poll(() => standIn.seen[0].closedEarly).toBe(true)
    expect(standIn.seen).toHaveLength(1)
  })

  test("an empty answer is asked for again", async () => {
    standIn.faults = [{ cut: "before the first piece" }]
    expect((await collect(chat().stream(hello))).finish.reason).toBe("stop")
    expect(standIn.seen).toHaveLength(2)
  })

  test("an abort while waiting ends the answer, with the question's tokens estimated", async () => {
    standIn.faults = [{ stall: "before the first piece" }]
    const stop = new AbortController()
    const answer = collect(chat().stream(hello, stop.signal))
    await expect.poll(() => standIn.seen.length).toBe(1)
    stop.abort()
    const { finish } = await answer
    expect(finish).toMatchObject({ reason: "aborted", usage: { completionTokens: 0, estimated: true } })
    expect(finish.usage.promptTokens).toBeGreaterThan(5)
  })

  test("an abort ends the wait between two attempts", async () => {
    standIn.faults = [{ status: 429, headers: { "retry-after": "15" } }]
    const stop = new AbortController()
    const answer = collect(chat().stream(hello, stop.signal))
    await expect.poll(() => standIn.seen.length).toBe(1)
    stop.abort()
    expect((await answer).finish.reason).toBe("aborted")
  })
})

describe("in mid answer", () => {
  const broken = async (options: Partial<ChatOptions> = {}) => {
    const chunks: ChatChunk[] = []
    try {
      for await (const chunk of chat(options).stream(hello)) chunks.push(chunk)
    } catch (error) {
      return { chunks, error }
    }
    throw new Error("the stream was to fail")
  }

  test.each([
    ["a socket that breaks", { cut: "socket" }, "UNREACHABLE"],
    ["an end without an end", { cut: "cleanly" }, "SERVICE_FAILED"],
    ["a line that is no JSON", { malformed: true }, "SERVICE_FAILED"],
    ["silence", { stall: "in mid answer" }, "TIMEOUT"],
  ] as const)("%s fails, is never asked again, and tells what was used", async (_, fault, code) => {
    standIn.faults = [fault]
    const { chunks, error } = await broken({
      deadlines: { betweenTokensMs: code === "TIMEOUT" ? 60 : 9_000 },
    })
    expect(error).toMatchObject({ code, retryable: true })
    expect(chunks.length).toBeGreaterThan(0)
    expect(chunks.every(chunk => chunk.text !== undefined)).toBe(true)
    expect(failureOf(error)?.usage).toMatchObject({ estimated: true })
    expect(failureOf(error)!.usage!.completionTokens).toBeGreaterThan(0)
    expect(standIn.seen).toHaveLength(1)
  })

  test("the whole answer has a limit of its own", async () => {
    standIn.pieceMs = 20
    const { error } = await broken({ deadlines: { wholeMs: 70 } })
    expect(error).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining("longer than 0.07 s") })
  })

  test("a slow reader is not taken for a silent provider", async () => {
    let text = ""
    for await (const chunk of chat({ deadlines: { betweenTokensMs: 500 } }).stream(hello)) {
      text += chunk.text ?? ""
      if (text.length < 6) await new Promise(resolve => setTimeout(resolve, 600))
    }
    expect(text).toContain("all that a stand-in can say")
  })

  test("a content filter that stops the answer is told with its categories", async () => {
    await using azure = await startOpenAiStandIn({ dialect: "azure", secret })
    azure.faults = [{ filtered: "answer" }]
    const provider = azureOpenAi({ endpoint: azure.url, apiVersion: "2024-10-21", auth: { adToken: secret } })
    const model = openAiChatModel(provider, { model: "chat", contextWindow: 2_000 })
    const { finish } = await collect(model.stream(hello))
    expect(finish).toMatchObject({ reason: "content-filter", filtered: ["violence"] })
  })

  test("leaving the stream closes the request", async () => {
    standIn.pieceMs = 10
    for await (const chunk of chat().stream(hello)) if (chunk.text) break
    await expect.poll(() => standIn.seen[0].closedEarly).toBe(true)
  })
})

describe("embeddings", () => {
  const embedder = () =>
    openAiEmbedder(openAi({ apiKey: secret, baseUrl: `${standIn.url}/v1` }), {
      model: "e",
      dimensions: 32,
      retries: quick,
    })

  test("are asked for again after a failure that passes", async () => {
    standIn.faults = [{ status: 429 }, { status: 500 }]
    expect(await embedder().embed(["a"])).toHaveLength(1)
  })

  test("with a text missing are refused", async () => {
    standIn.faults = [
      { status: 200, body: { data: [] } },
      { status: 200, body: {} },
      { status: 200, body: {} },
    ]
    await expect(embedder().embed(["a", "b"])).rejects.toMatchObject({
      code: "SERVICE_FAILED",
      message: expect.stringContaining("no vector for text 1 of 2"),
    })
  })
})

describe("opening by configuration", () => {
  test("nothing configured opens no chat model, and a key alone neither", async () => {
    expect(await openChatModel({})).toBeUndefined()
    expect(await openChatModel({ openai: { apiKey: secret } })).toBeUndefined()
  })

  test("a compatible server is asked which model it has and how much it reads", async () => {
    const openai = { baseUrl: `${standIn.url}/v1`, apiKey: secret }
    const model = await openChatModel({ openai })
    expect(model).toMatchObject({ id: "compatible/stand-in", contextWindow: 2_000 })
    await expect(openChatModel({ openai: { ...openai, model: "other" } })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("it has stand-in"),
    })
  })

  test("Azure wins over OpenAI, for chat and for embeddings", async () => {
    await using azure = await startOpenAiStandIn({ dialect: "azure", secret })
    const config = {
      openai: { apiKey: "sk-other", model: "gpt-4o", embeddingModel: "text-embedding-3-small" },
      azureOpenai: {
        endpoint: azure.url,
        apiVersion: "2024-10-21",
        auth: { apiKey: secret },
        deployment: "chat",
        embeddingDeployment: "vectors",
      },
    }
    const model = (await openChatModel(config))!
    expect(model.id).toBe("azure/chat")
    expect((await collect(model.stream(hello))).finish.reason).toBe("stop")
    await using embedder = (await openEmbedder(config))!
    expect(embedder).toMatchObject({ id: "azure/vectors", dimensions: 32 })
    expect(await embedder.embed(["a"])).toHaveLength(1)
  })

  test("OpenAI's embedding models are known without asking", async () => {
    await using embedder = (await openEmbedder({
      openai: { apiKey: secret, embeddingModel: "text-embedding-3-large" },
    }))!
    expect(embedder).toMatchObject({ id: "openai/text-embedding-3-large", dimensions: 3_072 })
  })
})

describe("attempts", () => {
  test("Retry-After is read in seconds, as a date, and in milliseconds", () => {
    const now = Date.parse("2026-01-01T00:00:00Z")
    const of = (headers: Record<string, string>) => retryAfterOf(new Headers(headers), now)
    expect(of({ "retry-after": "2" })).toEqual({ retryAfterMs: 2_000 })
    expect(of({ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" })).toEqual({ retryAfterMs: 5_000 })
    expect(of({ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" })).toEqual({ retryAfterMs: 0 })
    expect(of({ "retry-after": "2", "retry-after-ms": "1500" })).toEqual({ retryAfterMs: 1_500 })
    expect(of({ "retry-after": "soon" })).toEqual({})
    expect(of({})).toEqual({})
  })

  test("an error that is none of this project's is thrown at once", async () => {
    let tried = 0
    const work = attempt(async () => {
      tried++
      throw new TypeError("a mistake")
    }, quick)
    await expect(work).rejects.toThrow("a mistake")
    expect(tried).toBe(1)
  })
})

test("strict schemas are closed and require every property, at every depth", () => {
  const closed = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  }
  expect(isStrict(closed)).toBe(true)
  expect(isStrict({ ...closed, required: [] })).toBe(false)
  expect(isStrict({ ...closed, additionalProperties: true })).toBe(false)
  expect(isStrict({ type: "array", items: { ...closed, required: [] } })).toBe(false)
})
