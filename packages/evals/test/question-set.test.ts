import { describe, expect, test } from "vitest"
import { isAnswerable, loadQuestions, parseQuestions } from "../src/question-set.ts"
import { splitOf } from "../src/split.ts"

const line = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    id: "body-size",
    question: "How large may a body be?",
    kind: "single",
    topic: "size",
    split: "tune",
    gold: [{ anyOf: [{ document: "a.md", quote: "1 MiB" }] }],
    ...changes,
  })

describe("a question set", () => {
  test("is JSON lines; empty lines do not count", () => {
    const questions = parseQuestions(
      `${line()}\n\n${line({ id: "moon", kind: "unanswerable", distance: "far", gold: [] })}\n`,
      "set",
    )
    expect(questions.map(each => each.id)).toEqual(["body-size", "moon"])
    expect(questions.map(isAnswerable)).toEqual([true, false])
  })

  test("that is wrong is refused with every wrong line and what is wrong there", () => {
    const text = [
      line({ kind: "multi" }),
      "not json",
      line({ extra: 1 }),
      line({ id: "x", kind: "unanswerable", gold: [] }),
      line({ id: "A B" }),
    ].join("\n")
    expect(() => parseQuestions(text, "set.jsonl")).toThrow(
      expect.objectContaining({
        code: "INVALID_INPUT",
        message: expect.stringMatching(
          /^set\.jsonl .*line 1: gold.*line 2: .*line 3: .*line 4: .*line 5: id/,
        ),
      }),
    )
  })

  test("has each id once", () => {
    expect(() => parseQuestions(`${line()}\n${line()}`, "set")).toThrow(
      /the id "body-size" is that of line 1/,
    )
  })

  test("that is empty or not there says so", async () => {
    expect(() => parseQuestions("\n", "set")).toThrow(expect.objectContaining({ code: "FILE_EMPTY" }))
    await expect(loadQuestions("/nowhere.jsonl")).rejects.toMatchObject({ code: "FILE_MISSING" })
  })
})

test("a topic's half depends on the topic alone, and about half of all topics fall into each", () => {
  const halves = Array.from({ length: 400 }, (_, index) => splitOf(`topic-${index}`))
  expect(halves).toEqual(Array.from({ length: 400 }, (_, index) => splitOf(`topic-${index}`)))
  const tuned = halves.filter(half => half === "tune").length
  expect(tuned).toBeGreaterThan(160)
  expect(tuned).toBeLessThan(240)
})
