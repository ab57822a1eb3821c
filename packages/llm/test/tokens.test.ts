import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ChatMessage } from "../src/chat-model.ts"
import { fitContext } from "../src/context.ts"
import { knownModel, nameOf } from "../src/models.ts"
import { cost } from "../src/prices.ts"
import { countMessages, countTokens, estimateTokens } from "../src/tokens.ts"

const model = "compatible/some-local-model"

describe("tokens", () => {
  test("of an unknown model are estimated, and said to be", () => {
    expect(countTokens("The quick brown fox.", model)).toEqual({ tokens: 5, exact: false })
    expect(countTokens("", model)).toEqual({ tokens: 0, exact: false })
  })

  test("of more text are never fewer", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.lorem(), (text, more) => {
        expect(estimateTokens(`${text}\n${more}`)).toBeGreaterThanOrEqual(estimateTokens(text))
      }),
    )
  })

  test("of messages count what the chat format adds", () => {
    const one = countMessages([{ role: "user", content: "hello" }], model).tokens
    const two = countMessages(
      [
        { role: "user", content: "hello" },
        { role: "user", content: "" },
      ],
      model,
    ).tokens
    expect(two - one).toBe(4)
    const call = { id: "c", name: "weather", arguments: '{"city":"Oslo"}' }
    const called = countMessages([{ role: "assistant", content: "", toolCalls: [call] }], model)
    expect(called.tokens).toBeGreaterThan(10)
    expect(called.exact).toBe(false)
  })

  test("a megabyte is counted in time that grows with its length", () => {
    expect(estimateTokens("lorem ipsum ".repeat(90_000))).toBeGreaterThan(100_000)
    expect(estimateTokens("x".repeat(1_000_000))).toBeGreaterThan(100_000)
    expect(estimateTokens(" ".repeat(1_000_000))).toBeLessThan(10)
  })
})

describe("models", () => {
  test("are known by name, with or without provider and date", () => {
    expect(nameOf("azure/gpt-4o-mini-2024-07-18")).toBe("gpt-4o-mini")
    expect(nameOf("gpt-3.5-turbo-0125")).toBe("gpt-3.5-turbo")
    expect(knownModel("openai/gpt-4o")).toMatchObject({ encoding: "o200k_base", contextWindow: 128_000 })
    expect(knownModel("azure/our-deployment")).toBeUndefined()
  })
})

describe("cost", () => {
  const usage = { promptTokens: 1_000_000, completionTokens: 100_000 }

  test("is by list price, with the day and the source of the price", () => {
    expect(cost(usage, "openai/gpt-4o-mini-2024-07-18")).toEqual({
      usd: 0.15 + 0.06,
      asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      source: expect.stringMatching(/^https:/),
      via: expect.stringMatching(/^https:/),
    })
  })

  test("counts cached tokens at their own price, never more of them than there are", () => {
    expect(cost({ ...usage, completionTokens: 0, cachedTokens: 400_000 }, "openai/gpt-4o")?.usd).toBeCloseTo(
      0.6 * 2.5 + 0.4 * 1.25,
      10,
    )
    expect(
      cost({ promptTokens: 10, completionTokens: 0, cachedTokens: 99 }, "openai/gpt-4o")?.usd,
    ).toBeCloseTo((10 * 1.25) / 1e6, 12)
  })

  test("of a model without a known price is unknown, not nothing", () => {
    for (const id of [
      model,
      "azure/our-deployment",
      "openai/gpt-9",
      "gpt-4o",
      "",
      "openai/toString",
      "openai/__proto__",
    ])
      expect(cost(usage, id), id).toBeUndefined()
  })
})

describe("what fits into the context", () => {
  const words = (n: number, word = "word") => Array.from({ length: n }, () => word).join(" ")
  const passage = (n: number) => ({ text: words(n) })
  const turns = (n: number, length: number): ChatMessage[] =>
    Array.from({ length: n }, (_, i) => ({ role: i % 2 ? "assistant" : "user", content: words(length) }))
  const base = { modelId: model, system: words(10), question: words(10), reserve: 100 }

  test("all of it, when there is room", () => {
    const fitted = fitContext({
      ...base,
      contextWindow: 4_000,
      passages: [passage(50)],
      history: turns(2, 20),
    })
    expect(fitted).toMatchObject({ dropped: { passages: [], history: 0 } })
    expect(fitted.tokens).toBeLessThan(fitted.limit)
  })

  test("the best passages before older turns, and the newest turns before the last passages", () => {
    const passages = [passage(100), passage(100), passage(100), passage(100)]
    const fitted = fitContext({ ...base, contextWindow: 600, passages, history: turns(10, 40) })
    expect(fitted.passages).toEqual(passages.slice(0, 2))
    expect(fitted.history.length).toBeGreaterThan(0)
    expect(fitted.dropped.history + fitted.history.length).toBe(10)
    expect(fitted.history.at(-1)).toEqual(turns(10, 40).at(-1))
  })

  test("a small passage behind one that is too long", () => {
    const passages = [passage(50), passage(5_000), passage(50)]
    const fitted = fitContext({ ...base, contextWindow: 600, passages })
    expect(fitted.passages).toEqual([passages[0], passages[2]])
    expect(fitted.dropped.passages).toEqual([passages[1]])
  })

  test("never more than the window less the answer, and always the newest turns without a hole", () => {
    const sizes = fc.array(fc.nat(300), { maxLength: 12 })
    fc.assert(
      fc.property(sizes, sizes, fc.integer({ min: 300, max: 3_000 }), (lengths, talk, contextWindow) => {
        const history = talk.map((n, i): ChatMessage => ({ role: "user", content: `${i} ${words(n)}` }))
        const passages = lengths.map(passage)
        const fitted = fitContext({ ...base, contextWindow, passages, history })
        expect(fitted.tokens).toBeLessThanOrEqual(fitted.limit)
        expect(fitted.limit * 1.15).toBeLessThanOrEqual(contextWindow - base.reserve + 1)
        expect(fitted.history).toEqual(history.slice(fitted.dropped.history))
        expect(fitted.passages.length + fitted.dropped.passages.length).toBe(passages.length)
      }),
    )
  })

  test("a question that is itself too long is refused", () => {
    const request = { ...base, question: words(5_000), contextWindow: 2_000, passages: [] }
    expect(() => fitContext(request)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }))
  })
})
