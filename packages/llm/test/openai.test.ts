import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openAiChatModel } from "../src/adapters/openai/chat.ts"
import { openAiEmbedder, probeDimensions } from "../src/adapters/openai/embeddings.ts"
import { azureOpenAi, openAi, openAiCompatible, type Provider } from "../src/adapters/openai/provider.ts"
import { collect } from "../src/collect.ts"
import { describeChatModel, describeEmbedder } from "../testing/contract.ts"
import { hashingEmbedder } from "../testing/hashing-embedder.ts"
import { type OpenAiStandIn, startOpenAiStandIn } from "../testing/openai-stand-in.ts"

const secret = "sk-stand-in-0123456789"
let openai: OpenAiStandIn
let azure: OpenAiStandIn
beforeAll(async () => {
  openai = await startOpenAiStandIn({ dialect: "openai", secret })
  azure = await startOpenAiStandIn({ dialect: "azure", secret })
})
afterAll(async () => {
  await openai[Symbol.asyncDispose]()
  await azure[Symbol.asyncDispose]()
})

const providers: [string, () => Provider][] = [
  ["OpenAI (stand-in)", () => openAi({ apiKey: secret, baseUrl: `${openai.url}/v1` })],
  [
    "Azure OpenAI (stand-in)",
    () => azureOpenAi({ endpoint: azure.url, apiVersion: "2024-10-21", auth: { apiKey: secret } }),
  ],
  ["compatible server (stand-in)", () => openAiCompatible({ apiKey: secret, baseUrl: `${openai.url}/v1` })],
]
for (const [name, provider] of providers) {
  describeChatModel(name, async () => openAiChatModel(provider(), { model: "gpt-4o", contextWindow: 2_000 }))
  describeEmbedder(name, async () =>
    openAiEmbedder(provider(), { model: "text-embedding-3-small", dimensions: 32 }),
  )
}
describeEmbedder("hashed words (stand-in)", async () => hashingEmbedder())

describe("what goes over the wire", () => {
  const said = { messages: [{ role: "user" as const, content: "Hello" }], maxTokens: 5 }

  test("OpenAI: a bearer key, the model in the body, the newer name of the limit", async () => {
    await collect(openAiChatModel(providers[0][1](), { model: "gpt-4o", contextWindow: 2_000 }).stream(said))
    const { path, headers, body } = openai.seen.at(-1)!
    expect(path).toBe("/v1/chat/completions")
    expect(headers.authorization).toBe(`Bearer ${secret}`)
    expect(body).toMatchObject({
      model: "gpt-4o",
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 5,
    })
  })

  test("Azure: the deployment and the version of the API in the path, the key in a header of its own", async () => {
    await collect(openAiChatModel(providers[1][1](), { model: "my-chat", contextWindow: 2_000 }).stream(said))
    const { path, headers } = azure.seen.at(-1)!
    expect(path).toBe("/openai/deployments/my-chat/chat/completions?api-version=2024-10-21")
    expect(headers["api-key"]).toBe(secret)
    expect(headers.authorization).toBeUndefined()
  })

  test("Azure without a key: a Microsoft Entra token, fetched again for every request", async () => {
    let fetched = 0
    const provider = azureOpenAi({
      endpoint: `${azure.url}/`,
      apiVersion: "2024-06-01",
      auth: {
        tokenProvider: async () => {
          fetched++
          return secret
        },
      },
    })
    const model = openAiChatModel(provider, { model: "my-chat", contextWindow: 2_000 })
    await collect(model.stream(said))
    await collect(model.stream(said))
    const { headers, body } = azure.seen.at(-1)!
    expect(headers.authorization).toBe(`Bearer ${secret}`)
    expect(headers["api-key"]).toBeUndefined()
    expect(body).toMatchObject({ max_tokens: 5 })
    expect(fetched).toBe(2)
  })

  test("embeddings go in groups, and come back in order however they were sent", async () => {
    const before = openai.seen.length
    const embedder = openAiEmbedder(providers[0][1](), { model: "e", dimensions: 32, batch: 3 })
    const texts = Array.from({ length: 8 }, (_, i) => `text number ${i}`)
    const vectors = await embedder.embed(texts)
    expect(openai.seen.length - before).toBe(3)
    const expected = await hashingEmbedder({ dimensions: 32 }).embed(texts)
    for (const [i, vector] of vectors.entries())
      for (const [at, value] of vector.entries()) expect(value).toBeCloseTo(expected[i][at], 6)
  })

  test("a model that gives vectors of another length is refused", async () => {
    const embedder = openAiEmbedder(providers[0][1](), { model: "e", dimensions: 99 })
    await expect(embedder.embed(["a"])).rejects.toMatchObject({ code: "SERVICE_FAILED" })
    expect(await probeDimensions(providers[0][1](), "e")).toBe(32)
  })

  test("tool calls are put together from their pieces", async () => {
    const model = openAiChatModel(providers[0][1](), { model: "gpt-4o", contextWindow: 2_000 })
    const { finish } = await collect(
      model.stream({
        messages: [
          { role: "user", content: "Weather?" },
          { role: "assistant", content: "", toolCalls: [{ id: "c", name: "weather", arguments: "{}" }] },
          { role: "tool", content: "sunny", toolCallId: "c" },
        ],
        tools: [{ name: "weather", description: "of a city", parameters: { type: "object" } }],
        toolChoice: "required",
      }),
    )
    expect(finish.reason).toBe("tool-calls")
    expect(finish.toolCalls).toEqual([
      { id: "call-a", name: "weather", arguments: '{"city":"Lima"}' },
      { id: "call-b", name: "weather", arguments: '{"city":"Oslo"}' },
    ])
    expect(openai.seen.at(-1)!.body.messages).toMatchObject([
      { role: "user" },
      { role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "weather" } }] },
      { role: "tool", tool_call_id: "c" },
    ])
  })

  test("the model's exact name and cached tokens are told", async () => {
    const model = openAiChatModel(providers[1][1](), { model: "gpt-4o", contextWindow: 2_000 })
    const { finish } = await collect(model.stream(said))
    expect(finish).toMatchObject({ model: "gpt-4o-2024-07-18", usage: { cachedTokens: 1, estimated: false } })
  })
})
