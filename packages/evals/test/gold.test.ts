import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { covers, gainsOf, locateGold, relevanceOf, type Span } from "../src/gold.ts"
import type { Question } from "../src/question-set.ts"
import { sectionOf } from "../src/sections.ts"

const text = "# Limits\nThe limit is 1 MiB. Raise it with bodyLimit.\n\n## Other\nThe limit is 1 MiB.\n"
const textOf = (document: string) => (document === "a.md" ? text : undefined)

const question = (quotes: string[][]): Question => ({
  id: "q",
  question: "How large?",
  kind: quotes.length > 1 ? "multi" : "single",
  topic: "t",
  split: "tune",
  gold: quotes.map(each => ({ anyOf: each.map(quote => ({ document: "a.md", quote })) })),
})

const span = (start: number, end: number, document = "a.md"): Span => ({ document, start, end })

describe("gold passages", () => {
  test("are found at every place where the words stand", () => {
    const { needs } = locateGold(question([["The limit is 1 MiB."]]), textOf)
    expect(needs[0].map(each => text.slice(each.start, each.end))).toEqual([
      "The limit is 1 MiB.",
      "The limit is 1 MiB.",
    ])
  })

  test("whose document has changed are refused by name", () => {
    expect(() => locateGold(question([["The limit is 2 MiB."]]), textOf)).toThrow(
      /Question "q": "The limit is 2 MiB\." is not in a\.md/,
    )
  })

  test("are covered by a passage with at least half of the words, of the same document", () => {
    expect(covers(span(0, 10), span(5, 15))).toBe(true)
    expect(covers(span(0, 10), span(6, 16))).toBe(false)
    expect(covers(span(0, 10, "b.md"), span(0, 10))).toBe(false)
  })

  test("gain once: the second passage with the same fact is of no use any more, but still relevant", () => {
    const gold = locateGold(question([["The limit is 1 MiB."], ["bodyLimit"]]), textOf)
    const ranked = [span(0, 15), span(9, 52), span(60, text.length), span(0, 2)]
    expect(gainsOf(ranked, gold)).toEqual([0, 2, 0, 0])
    expect(relevanceOf(ranked, gold)).toEqual([false, true, true, false])
  })

  test("gain no more than there are needs, whatever is retrieved", () => {
    const gold = locateGold(question([["The limit is 1 MiB."], ["bodyLimit"]]), textOf)
    const spans = fc.array(
      fc.tuple(fc.nat(90), fc.nat(90)).map(([a, b]) => span(Math.min(a, b), Math.max(a, b))),
    )
    fc.assert(
      fc.property(spans, ranked => {
        expect(gainsOf(ranked, gold).reduce((sum, gain) => sum + gain, 0)).toBeLessThanOrEqual(2)
      }),
    )
  })
})

describe("the section of a passage", () => {
  test("goes from its heading to the next one", () => {
    const at = text.indexOf("bodyLimit")
    const { start, end } = sectionOf(text, span(at, at + 9))
    expect(text.slice(start, end)).toBe("# Limits\nThe limit is 1 MiB. Raise it with bodyLimit.\n\n")
  })

  test("does not end at a comment inside of a code fence", () => {
    const code = "## Run\n```sh\n# a comment\nnpm test\n```\nDone.\n## Next\n"
    const { start, end } = sectionOf(code, span(code.indexOf("Done"), code.indexOf("Done") + 4))
    expect(code.slice(start, end)).toBe("## Run\n```sh\n# a comment\nnpm test\n```\nDone.\n")
  })
})
