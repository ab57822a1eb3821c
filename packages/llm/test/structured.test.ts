import { RoadmapError } from "@roadmap/core/errors"
import { describe, expect, test } from "vitest"
import { collect } from "../src/collect.ts"
import { failureOf, withFailure } from "../src/failure.ts"
import { structured } from "../src/structured.ts"
import { citySchema } from "../testing/city-schema.ts"
import { scriptedChatModel } from "../testing/scripted-chat-model.ts"

const request = { messages: [{ role: "user" as const, content: "Name a city." }], maxTokens: 50 }
const lima = '{"city":"Lima","inhabitants":10000000}'

describe("a structured answer", () => {
  test("is a checked value, and the schema went with the request", async () => {
    const model = scriptedChatModel([lima])
    const answer = await structured(model, citySchema, request, { name: "city" })
    expect(answer).toMatchObject({ value: { city: "Lima", inhabitants: 10_000_000 }, attempts: 1 })
    expect(model.requests[0].jsonSchema).toMatchObject({
      name: "city",
      schema: { type: "object", required: ["city", "inhabitants"], additionalProperties: false },
    })
  })

  test("may stand in a code block", async () => {
    const { value } = await structured(
      scriptedChatModel([`\`\`\`json\n${lima}\n\`\`\`\n`]),
      citySchema,
      request,
    )
    expect(value.city).toBe("Lima")
  })

  test.each([
    ["no JSON", "Lima!", /no JSON document/],
    ["nothing", "", /empty/],
    ["a wrong value", '{"city":"Lima","inhabitants":-1}', /inhabitants: /],
    ["a missing one", '{"city":"Lima"}', /inhabitants: /],
  ])("that is %s goes back to the model once, with what is wrong", async (_, wrong, reason) => {
    const model = scriptedChatModel([wrong, lima])
    const answer = await structured(model, citySchema, request)
    expect(answer).toMatchObject({ attempts: 2, value: { city: "Lima" } })
    expect(model.requests[1].messages.slice(1)).toEqual([
      { role: "assistant", content: wrong },
      { role: "user", content: expect.stringMatching(reason) },
    ])
    expect(answer.usage.promptTokens).toBeGreaterThan(10)
  })

  test("that is wrong twice is a failure that says what is wrong and what was spent", async () => {
    const model = scriptedChatModel(["no", "still no"])
    const error = await structured(model, citySchema, request).catch(failure => failure)
    expect(error).toMatchObject({
      code: "SERVICE_FAILED",
      message: expect.stringContaining("no JSON document"),
    })
    expect(failureOf(error)?.usage?.completionTokens).toBe(3)
    expect(model.requests).toHaveLength(2)
  })

  test("cut short by the limit or stopped by a filter is not asked for again", async () => {
    const cut = structured(scriptedChatModel([{ text: lima, finish: "length" }]), citySchema, request)
    await expect(cut).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining("50"),
    })
    const filtered = structured(
      scriptedChatModel([{ text: "", finish: "content-filter" }]),
      citySchema,
      request,
    )
    await expect(filtered).rejects.toMatchObject({ code: "CONTENT_FILTERED" })
  })

  test("ends with the abort", async () => {
    const stop = new AbortController()
    const model = scriptedChatModel([lima], { pieceMs: 1_000 })
    const answer = structured(model, citySchema, request, { signal: stop.signal })
    stop.abort()
    await expect(answer).rejects.toMatchObject({ code: "INTERRUPTED" })
  })
})

describe("the scripted stand-in", () => {
  test("says its script in pieces and ends with what it used", async () => {
    const model = scriptedChatModel([{ pieces: ["one ", "two"] }, "again"])
    const chunks = await Array.fromAsync(model.stream(request))
    expect(chunks.map(({ text }) => text)).toEqual(["one ", "two", undefined])
    expect(chunks[2].finish).toMatchObject({
      reason: "stop",
      usage: { completionTokens: 2, estimated: false },
    })
    expect((await collect(model.stream(request))).text).toBe("again")
    await expect(collect(model.stream(request))).rejects.toThrow(/2 answers/)
  })

  test("fails before or in mid answer, when it is told to", async () => {
    const error = new RoadmapError("RATE_LIMITED", "slow down")
    await expect(collect(scriptedChatModel([{ failBefore: error }]).stream(request))).rejects.toBe(error)
    const said: (string | undefined)[] = []
    const stream = scriptedChatModel([{ text: "a b c", failAfter: { pieces: 2, error } }]).stream(request)
    await expect(
      (async () => {
        for await (const { text } of stream) said.push(text)
      })(),
    ).rejects.toBe(error)
    expect(said).toEqual(["a", " b"])
  })
})

test("what is noted about a failure is kept beside the error, and nothing of it in the error", () => {
  const error = new RoadmapError("RATE_LIMITED", "slow down")
  withFailure(withFailure(error, { status: 429 }), { retryAfterMs: 5 })
  expect(failureOf(error)).toEqual({ status: 429, retryAfterMs: 5 })
  expect(failureOf(new Error("other"))).toBeUndefined()
})
