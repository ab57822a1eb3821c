import { describe, expect, test } from "vitest"
import { completeFollowUp, pointsBack } from "../../src/answers/follow-up.ts"
import { checkQuestion } from "../../src/answers/question.ts"

const after = (...questions: string[]) => questions.map(question => ({ question, answer: "…" }))

describe("a follow-up without a model", () => {
  test("that points back gets the words of the question before it", () => {
    expect(
      completeFollowUp("And how do I switch it off?", after("How do I set trustProxy in fastify?")),
    ).toBe("And how do I switch it off? (set trustProxy fastify)")
  })

  test("that says almost nothing gets them too", () => {
    expect(completeFollowUp("Why?", after("Does pino lose lines on AWS Lambda?"))).toMatch(
      /pino lose lines.* Lambda/,
    )
  })

  test("reaches through the questions between", () => {
    const history = after("How do I set trustProxy in fastify?", "What is its default?")
    expect(completeFollowUp("And why is that?", history)).toMatch(/trustProxy fastify/)
  })

  test("names another source in place of the one before", () => {
    const question = completeFollowUp("And in undici?", after("How do I set a timeout in fastify?"), [
      "fastify",
      "undici",
    ])
    expect(question).toBe("And in undici? (set timeout)")
  })

  test("is left alone when it stands on its own feet, or when there is nothing before it", () => {
    expect(completeFollowUp("Which log levels does pino have?", after("How do I trust a proxy?"))).toBe(
      "Which log levels does pino have?",
    )
    expect(completeFollowUp("Why?", [])).toBe("Why?")
  })

  test.each([
    ["What about HTTP/2?", true],
    ["Is there a limit for them?", true],
    ["How does the feature store avoid leakage?", false],
    ["What is the default body limit of fastify?", false],
  ])("%s points back: %s", (question, expected) => {
    expect(pointsBack(question)).toBe(expected)
  })
})

describe("a question", () => {
  test("loses control and direction characters and outer white space", () => {
    expect(checkQuestion(" \u0007What\u0000 is\u202E\nthis?\t")).toBe("What is this?")
  })

  test.each([
    ["empty", ""],
    ["white", " \n\t "],
    ["only control characters", "\u0000\u001b"],
    ["only signs", "?!…"],
  ])("that is %s is refused", (_, question) => {
    expect(() => checkQuestion(question)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }))
  })

  test("of a megabyte is refused before anything looks at it", () => {
    expect(() => checkQuestion("why ".repeat(250_000))).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED", message: expect.stringContaining("1000000") }),
    )
  })
})
