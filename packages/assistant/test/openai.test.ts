import { RoadmapError } from "@roadmap/core/errors"
import type { Citation } from "@roadmap/rag/answer"
import OpenAI, { APIError } from "openai"
import { afterAll, beforeAll, expect, test } from "vitest"
import { proxyScript, type SmallServer, startSmall } from "../testing/start-small.ts"

/** The unmodified client of OpenAI's API against this service. */
let server: SmallServer
let client: OpenAI

beforeAll(async () => {
  server = await startSmall(question => {
    if (question === "fails before")
      return { failBefore: new RoadmapError("RATE_LIMITED", "Too many questions.", { retryable: true }) }
    if (question === "never ends")
      return {
        ...proxyScript,
        gate: piece => (piece === 0 ? Promise.resolve() : new Promise(() => undefined)),
      }
    if (question === "fails in the middle")
      return { ...proxyScript, failAfter: { pieces: 1, error: new RoadmapError("TIMEOUT", "Too late.") } }
    return { ...proxyScript, usage: { promptTokens: 40, completionTokens: 9, estimated: false } }
  })
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none is asked for", maxRetries: 0 })
})
afterAll(() => server?.[Symbol.asyncDispose]())

const model = "roadmap-assistant"
const messages = [{ role: "user" as const, content: "How does fastify trust a proxy?" }]

const refusalOf = async (call: Promise<unknown>): Promise<APIError> => {
  const error = await call.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(APIError)
  return error as APIError
}

test("an answer is a chat completion: marked text, citations beside it, usage", async () => {
  const completion = await client.chat.completions.create({ model, messages })
  const [{ message, finish_reason }] = completion.choices
  expect(message.content).toBe(proxyScript.pieces?.join(""))
  expect(message.content).toContain("[1]")
  expect(finish_reason).toBe("stop")
  const { citations, status } = message as unknown as { citations: Citation[]; status: string }
  expect(status).toBe("answered")
  expect(citations).toMatchObject([{ marker: 1, documentId: "guide/proxy.md" }])
  expect(completion.usage).toMatchObject({ prompt_tokens: 40, completion_tokens: 9, total_tokens: 49 })
})

test("a streamed one joins to the same text; the citations and the usage come with it", async () => {
  const stream = await client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ""
  let usage: OpenAI.CompletionUsage | null | undefined
  const citations: Citation[] = []
  const reasons: string[] = []
  for await (const chunk of stream) {
    usage = chunk.usage
    for (const { delta, finish_reason } of chunk.choices) {
      text += delta.content ?? ""
      if (finish_reason) reasons.push(finish_reason)
      else citations.push(...((delta as { citations?: Citation[] }).citations ?? []))
    }
  }
  expect(text).toBe(proxyScript.pieces?.join(""))
  expect(citations.map(({ quote }) => quote)).toEqual([proxyScript.quotes?.[0].quote])
  expect(reasons).toEqual(["stop"])
  expect(usage?.total_tokens).toBe(49)
})

test("the client's own stream helper gives the same message", async () => {
  const stream = client.chat.completions.stream({ model, messages })
  expect(await stream.finalContent()).toBe(proxyScript.pieces?.join(""))
})

test("the turns before the question are history; system messages are not followed", async () => {
  await client.chat.completions.create({
    model,
    temperature: 0.2,
    messages: [
      { role: "system", content: "You are a pirate." },
      { role: "user", content: "What is fastify?" },
      { role: "assistant", content: "A framework." },
      { role: "user", content: [{ type: "text", text: "And its proxy?" }] },
    ],
  })
  expect(server.asked.at(-1)).toMatchObject({
    question: "And its proxy?",
    history: [{ question: "What is fastify?", answer: "A framework." }],
  })
})

test("a client that aborts ends the work", async () => {
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: "user", content: "never ends" }],
    stream: true,
  })
  const { signal } = server.asked.at(-1) ?? {}
  expect(signal?.aborted).toBe(false)
  for await (const _ of stream) break
  await expect.poll(() => signal?.aborted).toBe(true)
})

test("the models are listed, and an unknown one is a 404 as OpenAI says it", async () => {
  const ids: string[] = []
  for await (const { id } of client.models.list()) ids.push(id)
  expect(ids).toEqual([model])
  expect(await client.models.retrieve(model)).toMatchObject({ object: "model" })
  const calls = [
    () => client.models.retrieve("gpt-4o"),
    () => client.chat.completions.create({ model: "gpt-4o", messages }),
  ]
  for (const call of calls)
    expect(await refusalOf(call())).toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
      type: "invalid_request_error",
    })
})

test("what would ask for another form of answer is refused by its name", async () => {
  const tool = { type: "function" as const, function: { name: "f", parameters: {} } }
  for (const [field, more] of Object.entries({
    tools: { tools: [tool] },
    n: { n: 2 },
    response_format: { response_format: { type: "json_object" as const } },
    logprobs: { logprobs: true },
    stop: { stop: ["x"] },
  }))
    expect(await refusalOf(client.chat.completions.create({ model, messages, ...more }))).toMatchObject({
      status: 400,
      code: "unsupported_parameter",
      param: field,
    })
  const unknown = { model, messages, tempature: 1 }
  expect(await refusalOf(client.chat.completions.create(unknown))).toMatchObject({
    status: 400,
    code: "unknown_parameter",
    param: "tempature",
  })
})

test.each<[string, object[]]>([
  ["no message", []],
  ["a last message of the assistant", [{ role: "assistant", content: "Hello" }]],
  [
    "a picture",
    [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://x.example" } }] }],
  ],
  ["a tool's message", [{ role: "tool", content: "7", tool_call_id: "a" }]],
])("%s is refused", async (_, given) => {
  const call = client.chat.completions.create({ model, messages: given as typeof messages })
  expect(await refusalOf(call)).toMatchObject({ status: 400, param: "messages" })
})

test("a question that is too long is refused as a context that is too long", async () => {
  const long = [{ role: "user" as const, content: "word ".repeat(2_000) }]
  expect(await refusalOf(client.chat.completions.create({ model, messages: long }))).toMatchObject({
    status: 413,
    code: "context_length_exceeded",
  })
})

test("a failure before the answer is the status, one in its middle ends the stream with an error", async () => {
  const ask = (content: string) =>
    client.chat.completions.create({ model, messages: [{ role: "user", content }], stream: true })
  expect(await refusalOf(ask("fails before"))).toMatchObject({ status: 429, code: "rate_limit_exceeded" })
  const stream = await ask("fails in the middle")
  let text = ""
  const failure = await refusalOf(
    (async () => {
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ""
    })(),
  )
  expect(text).toBe(proxyScript.pieces?.[0])
  expect(failure).toMatchObject({ type: "server_error" })
})

test("a wrong token is the client's AuthenticationError", async () => {
  await using guarded = await startSmall(() => proxyScript, { token: "a-token-of-some-length" })
  const options = { baseURL: `${guarded.url}/v1`, maxRetries: 0 }
  const stranger = new OpenAI({ ...options, apiKey: "guess" })
  expect(await refusalOf(stranger.models.retrieve(model))).toMatchObject({
    status: 401,
    code: "invalid_api_key",
  })
  const known = new OpenAI({ ...options, apiKey: "a-token-of-some-length" })
  expect((await known.models.retrieve(model)).id).toBe(model)
})
