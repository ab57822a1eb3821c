import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { ChatModel, ChatRequest } from "../src/chat-model.ts"
import { collect } from "../src/collect.ts"
import type { Embedder } from "../src/embedder.ts"

const ask = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [
    { role: "system", content: "You answer in plain English." },
    { role: "user", content },
  ],
  temperature: 0,
  maxTokens: 24,
  ...more,
})
const longQuestion = "Tell a long story about an airport in the snow."

/** The rules of the ChatModel port, on any adapter and any model: nothing here depends on what a model knows. */
export const describeChatModel = (name: string, factory: () => Promise<ChatModel>): void => {
  describe(`ChatModel: ${name}`, () => {
    let model: ChatModel
    beforeAll(async () => {
      model = await factory()
    })

    test("says who it is and how much it reads", () => {
      expect(model.id).toMatch(/^[\w-]+\/.+/)
      expect(model.contextWindow).toBeGreaterThan(256)
    })

    test("streams pieces of text, and last of all how it ended and what it used", async () => {
      const chunks = await Array.fromAsync(model.stream(ask("Say hello.")))
      const finishes = chunks.filter(chunk => chunk.finish)
      expect(finishes).toHaveLength(1)
      expect(chunks.at(-1)).toBe(finishes[0])
      expect(chunks.length).toBeGreaterThan(2)
      expect(finishes[0].finish).toMatchObject({ usage: { estimated: false } })
      expect(finishes[0].finish!.usage.promptTokens).toBeGreaterThan(5)
      expect(finishes[0].finish!.usage.completionTokens).toBeGreaterThan(0)
      expect(finishes[0].finish!.model).not.toBe("")
    })

    test("stops at the limit of tokens and says so", async () => {
      const { finish } = await collect(model.stream(ask(longQuestion, { maxTokens: 4 })))
      expect(finish.reason).toBe("length")
      expect(finish.usage.completionTokens).toBeLessThanOrEqual(5)
    })

    test("stops before a stop sequence", async () => {
      const { text, finish } = await collect(model.stream(ask(longQuestion, { stop: ["e"] })))
      expect(text).not.toContain("e")
      expect(finish.reason).toBe("stop")
    })

    test("repeats itself at temperature 0 with the same seed", async () => {
      const once = await collect(model.stream(ask("Name a colour.", { seed: 7 })))
      const again = await collect(model.stream(ask("Name a colour.", { seed: 7 })))
      expect(again.text).toBe(once.text)
    })

    test("reads a conversation with its own turns", async () => {
      const messages = [
        { role: "user" as const, content: "My name is Ada." },
        { role: "assistant" as const, content: "Hello Ada." },
        { role: "user" as const, content: "What is my name? 👩🏽‍✈️" },
      ]
      const { text, finish } = await collect(model.stream({ messages, maxTokens: 12, temperature: 0 }))
      expect(text.isWellFormed()).toBe(true)
      expect(finish.usage.promptTokens).toBeGreaterThan(8)
    })

    test("ends an aborted answer at once, with an estimate of what it used", async () => {
      const stop = new AbortController()
      const said: string[] = []
      let finish: unknown
      for await (const chunk of model.stream(ask(longQuestion, { maxTokens: 400 }), stop.signal)) {
        if (chunk.text) said.push(chunk.text)
        if (said.length === 2) stop.abort()
        finish = chunk.finish
      }
      expect(said).toHaveLength(2)
      expect(finish).toMatchObject({ reason: "aborted", usage: { estimated: true } })
    })

    test("asks nothing when it was aborted before", async () => {
      const stream = model.stream(ask("Say hello."), AbortSignal.abort())
      await expect(collect(stream)).rejects.toMatchObject({ code: "INTERRUPTED" })
    })

    test("answers the next question after a reader has left in mid answer", async () => {
      for await (const chunk of model.stream(ask(longQuestion, { maxTokens: 400 }))) if (chunk.text) break
      const { finish } = await collect(model.stream(ask("Say hello.", { maxTokens: 4 })))
      expect(finish.usage.completionTokens).toBeGreaterThan(0)
    })

    test("keeps answers apart that are streamed at the same time", async () => {
      const questions = ["Say one.", "Say two.", "Say three."]
      const alone: string[] = []
      for (const question of questions)
        alone.push((await collect(model.stream(ask(question, { maxTokens: 8 })))).text)
      const together = await Promise.all(
        questions.map(question => collect(model.stream(ask(question, { maxTokens: 8 })))),
      )
      expect(together.map(({ text }) => text)).toEqual(alone)
    })

    test("gives one JSON document of a schema", async () => {
      const schema = {
        type: "object",
        properties: { city: { type: "string", maxLength: 12 }, large: { type: "boolean" } },
        required: ["city", "large"],
        additionalProperties: false,
      }
      const request = ask("Name a city.", { maxTokens: 100, jsonSchema: { name: "city", schema } })
      const { text } = await collect(model.stream(request))
      expect(JSON.parse(text)).toEqual({ city: expect.any(String), large: expect.any(Boolean) })
    })

    test("refuses a prompt that is longer than it reads", async () => {
      const long = "word ".repeat(model.contextWindow * 2)
      await expect(collect(model.stream(ask(long)))).rejects.toMatchObject({
        code: "LIMIT_EXCEEDED",
        retryable: false,
      })
    })
  })
}

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0)

/** The rules of the Embedder port, on any adapter. */
export const describeEmbedder = (name: string, factory: () => Promise<Embedder>): void => {
  describe(`Embedder: ${name}`, () => {
    let embedder: Embedder
    beforeAll(async () => {
      embedder = await factory()
    })
    afterAll(async () => {
      await embedder[Symbol.asyncDispose]()
    })

    const texts = ["The proxy is trusted.", "Bananas are yellow.", "A trusted proxy is set.", "x"]

    test("says which model it is", () => {
      expect(embedder.id).not.toBe("")
      expect(embedder.dimensions).toBeGreaterThan(1)
    })

    test("gives one vector of length 1 for each text, in order", async () => {
      const vectors = await embedder.embed(texts)
      expect(vectors).toHaveLength(texts.length)
      for (const vector of vectors) {
        expect(vector).toHaveLength(embedder.dimensions)
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
      }
      const [third] = await embedder.embed([texts[2]])
      expect(cosine(third, vectors[2])).toBeGreaterThan(0.9999)
    })

    test("gives a text the same vector whatever is embedded beside it", async () => {
      const many = Array.from({ length: 70 }, (_, i) => `${"text of another length ".repeat(i % 9)}${i}`)
      const beside = await embedder.embed([...many, texts[0]])
      const [alone] = await embedder.embed([texts[0]])
      expect(cosine(alone, beside[70])).toBeGreaterThan(0.9999)
      const [thirteenth] = await embedder.embed([many[13]])
      expect(cosine(thirteenth, beside[13])).toBeGreaterThan(0.9999)
    })

    test("puts texts about the same thing nearer to each other", async () => {
      const [proxy, bananas, other] = await embedder.embed(texts)
      expect(cosine(proxy, other)).toBeGreaterThan(cosine(proxy, bananas) + 0.1)
    })

    test("gives no vectors for no texts", async () => {
      expect(await embedder.embed([])).toEqual([])
    })

    test("reads empty, odd and very long texts", async () => {
      const odd = [
        "",
        " \n\t",
        "\u0000\u0007",
        "\ud800",
        "😀".repeat(50),
        "word ".repeat(20_000),
        "x".repeat(50_000),
      ]
      for (const vector of await embedder.embed(odd)) expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    })

    test("answers calls that come at the same time, each with its own", async () => {
      const together = await Promise.all(texts.map(text => embedder.embed([text])))
      const inOrder = await embedder.embed(texts)
      for (const [i, [vector]] of together.entries())
        expect(cosine(vector, inOrder[i])).toBeGreaterThan(0.9999)
    })

    test("stops when it is aborted, before and in mid work, and goes on with the next call", async () => {
      await expect(embedder.embed(texts, AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" })
      const stop = new AbortController()
      const many = Array.from({ length: 400 }, (_, i) =>
        `a sentence of many about the number ${i} `.repeat(9),
      )
      const work = embedder.embed(many, stop.signal)
      setImmediate(() => stop.abort())
      await expect(work).rejects.toMatchObject({ code: "INTERRUPTED" })
      expect(await embedder.embed(["next"])).toHaveLength(1)
    })
  })
}
