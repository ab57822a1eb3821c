import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { judge } from "../src/exercises/verdict.ts"
import { type FixtureRepository, makeRepository } from "../testing/fixture-repository.ts"

let repository: FixtureRepository
beforeAll(() => {
  repository = makeRepository()
})
afterAll(() => repository[Symbol.dispose]())

let count = 0
const check = async (word: string, source: string) =>
  judge(await repository.exercise(word), repository.write(`workbook/2026-02/v-${count++}.ts`, source))

const stored = async (word: string, name: string) => {
  const exercise = await repository.exercise(word)
  return judge(exercise, join(exercise.folder, name))
}

describe("what a learner reads", () => {
  test("the case, the call, what was expected, what came, and why", async () => {
    expect((await stored("median", "starter.ts")).message).toBe(
      "Case 2 of 5, four values: median([4, 1, 3, 2])\n  expected 2.5, got 4\n  the two in the middle are 2 and 3.",
    )
  })

  test("a pass says what to look at next", async () => {
    expect(await stored("median", "solution.ts")).toMatchObject({
      status: "passed",
      message: "The platform's profile uses the same definition.",
    })
  })

  test.each<[string, string, RegExp]>([
    [
      "nothing returned",
      "export const median = () => {}",
      /expected a number \(5\), got undefined \(is there a return\?\)/,
    ],
    ["a wrong type", "export const median = () => '5'", /expected a number \(5\), got the string "5"/],
    [
      "a list for a number",
      "export const median = (v: number[]) => [v[0]]",
      /expected a number \(5\), got a list of 1 value/,
    ],
    ["NaN", "export const median = () => 0 / 0", /expected 5, got NaN \(not a number: 0 \/ 0/],
    ["an infinity", "export const median = () => 1 / 0", /expected 5, got Infinity \(a division by 0/],
    ["the sign", "export const median = () => -5", /expected 5, got -5 \(the sign\)/],
    [
      "a missing export",
      "export const mean = () => 5",
      /no export named "median"; it exports mean\. The task asks for: export const median/,
    ],
    ["an export that is no function", "export const median = 5", /the export "median" is no function/],
    ["an empty file", "", /no export named "median"\./],
  ])("%s", async (_name, source, message) => {
    const verdict = await check("median", source)
    expect(verdict.status).toBe("failed")
    expect(verdict.message).toMatch(message)
  })

  test("a wrong number of values, with the values when they are few", async () => {
    const verdict = await check(
      "retry",
      "export const deliver = async (sink: any, events: any) => { await sink(events[0]) }",
    )
    expect(verdict.message).toMatch(/expected 3 values \["a", "b", "c"\], got 1 \["a"\]/)
  })

  test("an input that must be refused and is not", async () => {
    const source = readFileSync(join((await repository.exercise("median")).folder, "solution.ts"), "utf8")
    const verdict = await check("median", source.replace(/if \(values.length === 0\).*\n/, ""))
    expect(verdict.message).toMatch(
      /Case 5 of 5, no values: median\(\[\]\)\n {2}must be refused by throwing an Error, got NaN/,
    )
  })

  test("too many reads of a counted list", async () => {
    expect((await stored("search", "mistakes/reads-all.ts")).message).toMatch(
      /the output is right, but took 7,002 element reads, where 40 suffice: halving 10,000 takes 14 steps/,
    )
  })
})

describe("a known mistake is named by what it yields", () => {
  test.each([
    ["median", "sorts-as-text", /sorted as text, where 10 comes before 9/],
    ["median", "takes-the-upper-middle", /takes the upper one instead of their mean/],
    ["median", "sorts-in-place", /re-orders the caller's own list/],
    ["retry", "drops-refused", /refused is lost/],
    ["retry", "begins-again", /arrive twice/],
    ["search", "reads-all", /Every value is looked at/],
    ["search", "first-above", /first value above/],
  ])("%s: %s, and no other", async (word, id, message) => {
    const verdict = await stored(word, `mistakes/${id}.ts`)
    expect(verdict).toMatchObject({ status: "failed", mistake: id, fits: [id] })
    expect(verdict.message.split("\n")[0]).toMatch(message)
  })

  test("the same mistake in other words", async () => {
    const verdict = await check(
      "median",
      `export function median(values: number[]) {
  if (!values.length) throw new RangeError("nothing")
  const copy = [...values]
  copy.sort((a, b) => b - a)
  return copy[Math.ceil(copy.length / 2) - 1]
}`,
    )
    expect(verdict.mistake).toBe("takes-the-upper-middle")
  })

  test("an answer that resembles one mistake in the first failing case only is told so with care", async () => {
    const verdict = await check(
      "median",
      `export const median = (values: number[]) => {
  if (values.length === 0) throw new Error("none")
  const sorted = values.toSorted((a, b) => a - b)
  return values.length > 50 ? sorted[0] : sorted[values.length >> 1]
}`,
    )
    expect(verdict.fits).toEqual([])
    expect(verdict.message).toMatch(/^This looks like a known mistake: With an even number/)
  })

  test("a wrong answer like no mistake gets the difference alone", async () => {
    const verdict = await check("median", "export const median = () => 17")
    expect(verdict.mistake).toBeUndefined()
    expect(verdict.message).toMatch(/^Case 1 of 5/)
  })
})

describe("an answer started from an older version", () => {
  const wrong = "export const deliver = async () => {}"
  test("reads what has changed since", async () => {
    const header = "// exercise 2026-02/02-retry, version 1, task 0123456789ab\n"
    expect((await check("retry", header + wrong)).message).toMatch(
      /^This answer was started from version 1 of the exercise; it is at version 2 now\. An event is now tried until it is taken/,
    )
  })
  test("reads that only the words have", async () => {
    const header = "// exercise 2026-02/02-retry, version 2, task 0123456789ab\n"
    expect((await check("retry", header + wrong)).message).toMatch(
      /^The words of the task have changed since you started it/,
    )
  })
  test("is not told anything when it passes or lost its first line", async () => {
    expect((await check("retry", wrong)).message).toMatch(/^Case 1/)
  })
})
