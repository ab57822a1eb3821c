import { describe, expect, test } from "vitest"
import { claimsOf, isSupported } from "../src/answers/claims.ts"
import { type GivenAnswer, type JudgedAnswer, judgeAnswer } from "../src/answers/judge.ts"
import { answerReport } from "../src/answers/report.ts"
import { locateGold } from "../src/gold.ts"
import type { Question } from "../src/question-set.ts"

const text =
  "# Size\nThe limit is 1 MiB by default.\nRaise it with bodyLimit.\n# Colour\nIt is blue, always.\n"
const textOf = (document: string) => (document === "a.md" ? text : undefined)

const question: Question = {
  id: "size",
  question: "How large?",
  kind: "single",
  topic: "t",
  split: "tune",
  gold: [{ anyOf: [{ document: "a.md", quote: "The limit is 1 MiB by default." }] }],
  expect: ["1 mib"],
}

const cite = (quote: string, moved = 0) => {
  const start = text.indexOf(quote) + moved
  return { marker: 1, document: "a.md", start, end: start + quote.length, quote }
}

const given = (changes: Partial<GivenAnswer> = {}): GivenAnswer => ({
  question,
  gold: locateGold(question, textOf),
  status: "answered",
  confidence: 0.9,
  text: "The limit is 1 MiB by default. [1]",
  citations: [cite("The limit is 1 MiB by default.")],
  milliseconds: 3,
  ...changes,
})

describe("an answer held against its labels", () => {
  test("cites the gold, from its section, with words that stand there", () => {
    expect(judgeAnswer(given(), textOf)).toMatchObject({
      citations: 1,
      citationsThere: 1,
      citationsInGoldSection: 1,
      needsCited: 1,
      hasExpected: true,
    })
  })

  test("from the right section but another sentence supports, and does not cite the gold", () => {
    const judged = judgeAnswer(given({ citations: [cite("Raise it with bodyLimit.")] }), textOf)
    expect(judged).toMatchObject({ citationsThere: 1, citationsInGoldSection: 1, needsCited: 0 })
  })

  test("from another section of the same document does not support", () => {
    const judged = judgeAnswer(given({ citations: [cite("It is blue, always.")], text: "Blue. [1]" }), textOf)
    expect(judged).toMatchObject({ citationsInGoldSection: 0, needsCited: 0, hasExpected: false })
  })

  test("whose words are not at the place it names, or in no document, cites nothing that exists", () => {
    const moved = cite("The limit is 1 MiB by default.", 1)
    const foreign = { ...cite("It is blue, always."), document: "b.md" }
    expect(judgeAnswer(given({ citations: [moved, foreign] }), textOf)).toMatchObject({
      citations: 2,
      citationsThere: 0,
    })
  })
})

describe("claims", () => {
  test("end at their citations; what follows the last one has none", () => {
    expect(claimsOf("A is B. [1] C is D [2][3]. And more.")).toEqual([
      { text: "A is B.", markers: [1] },
      { text: "C is D", markers: [2, 3] },
      { text: ". And more.", markers: [] },
    ])
  })

  test("take along the code that follows their citation with a colon", () => {
    expect(claimsOf("Use it. [1]\n\nFor example [2]:\n\n```js\nuse(it)\n```\n")).toEqual([
      { text: "Use it.", markers: [1] },
      { text: "For example```js\nuse(it)\n```", markers: [2] },
    ])
  })

  test("are supported by their words in the cited text, in any order and any capitals", () => {
    const quote = "The limit is 1 MiB by default."
    expect(isSupported({ text: "By default the limit is 1 mib", markers: [1] }, () => quote)).toBe(true)
    expect(isSupported({ text: "The limit is 2 GiB in production", markers: [1] }, () => quote)).toBe(false)
    expect(isSupported({ text: "The limit is 1 MiB", markers: [] }, () => quote)).toBe(false)
  })

  test("of an answer are counted, with those that cite nothing", () => {
    const answer = given({ text: "The limit is 1 MiB by default. [1] Ask your provider." })
    expect(judgeAnswer(answer, textOf)).toMatchObject({ claims: 2, claimsSupported: 1, claimsUncited: 1 })
  })
})

describe("an answer report", () => {
  const judged = (changes: Partial<JudgedAnswer>): JudgedAnswer => ({
    id: "q",
    kind: "single",
    answerable: true,
    answered: true,
    confidence: 0.8,
    citations: 1,
    citationsThere: 1,
    claims: 1,
    claimsSupported: 1,
    claimsUncited: 0,
    citationsInGoldSection: 1,
    needs: 1,
    needsCited: 1,
    milliseconds: 1,
    ...changes,
  })

  test("counts declines apart: right ones, near and far, and false ones", () => {
    const report = answerReport([
      judged({ id: "a" }),
      judged({ id: "b", answered: false, citations: 0, citationsThere: 0, citationsInGoldSection: 0 }),
      judged({ id: "far", answerable: false, answered: false, distance: "far", confidence: 0.1 }),
      judged({ id: "near", answerable: false, distance: "near", confidence: 0.6 }),
    ])
    expect(report.declined).toMatchObject({ successes: 1, total: 2 })
    expect(report.declinedFar).toMatchObject({ successes: 1, total: 1 })
    expect(report.declinedNear).toMatchObject({ successes: 0, total: 1 })
    expect(report.falselyDeclined).toMatchObject({ successes: 1, total: 2 })
    expect(report.wrong.answeredUnanswerable).toEqual(["near"])
    expect(report.wrong.declinedAnswerable).toEqual(["b"])
  })

  test("counts support only where something was answered that has an answer", () => {
    const report = answerReport([
      judged({ id: "a", citationsInGoldSection: 0, needsCited: 0 }),
      judged({ id: "b" }),
      judged({ id: "c", answered: false }),
      judged({ id: "d", answerable: false, citationsInGoldSection: 0 }),
    ])
    expect(report.supported).toMatchObject({ successes: 1, total: 2 })
    expect(report.wrong.unsupported).toEqual(["a"])
  })

  test("of nothing is refused", () => {
    expect(() => answerReport([])).toThrow(/no answer/)
  })
})
