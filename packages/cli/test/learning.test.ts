import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readEvidence } from "@roadmap/labkit/evidence/log"
import { answerPath, startExercise } from "@roadmap/labkit/exercises/workbook"
import { type FixtureRepository, makeRepository } from "@roadmap/labkit/testing/fixture-repository"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { authorCheck, authorNew } from "../src/commands/author.ts"
import { check } from "../src/commands/check.ts"
import { drill } from "../src/commands/drill.ts"
import { hint } from "../src/commands/hint.ts"
import { next } from "../src/commands/next.ts"
import { progress } from "../src/commands/progress.ts"
import { solution } from "../src/commands/solution.ts"
import { start } from "../src/commands/start.ts"
import { type TestContext, testContext } from "./learning-context.ts"

let repository: FixtureRepository
let context: TestContext
beforeEach(() => {
  repository = makeRepository()
  context = testContext(repository)
})
afterEach(() => repository[Symbol.dispose]())

/** Puts a file of each exercise's folder into the workbook as the learner's answer. */
const answerWith = async (name: string) => {
  for (const word of ["01", "02", "03"]) {
    const exercise = await repository.exercise(word)
    const { path } = await startExercise(repository.root, exercise)
    copyFileSync(join(exercise.folder, name), path)
  }
}

const statuses = () =>
  (context.document() as { exercises: { status: string }[] }).exercises.map(one => one.status)
const kinds = async () => (await readEvidence(repository.home)).records.map(({ record }) => record.kind)

describe("check of a month", () => {
  test("with the solutions in the workbook passes all", async () => {
    await answerWith("solution.ts")
    expect(await check(context, "feb", {})).toBe(0)
    expect(statuses()).toEqual(["passed", "passed", "passed"])
  })

  test("with the starters passes none", async () => {
    await answerWith("starter.ts")
    expect(await check(context, "feb", {})).toBe(1)
    expect(statuses()).toEqual(["failed", "failed", "failed"])
  })

  test("that nothing was started in is no failure", async () => {
    expect(await check(context, "feb", {})).toBe(0)
    expect(statuses()).toEqual(["not-started", "not-started", "not-started"])
  })

  test("with each stored mistake gives the message of that mistake", async () => {
    const messages = new Map<string, string>()
    for (const word of ["01", "02", "03"]) {
      const exercise = await repository.exercise(word)
      for (const name of readdirSync(join(exercise.folder, "mistakes"))) {
        await startExercise(repository.root, exercise)
        copyFileSync(join(exercise.folder, "mistakes", name), answerPath(repository.root, exercise))
        expect(await check(context, exercise.id, {})).toBe(1)
        const [result] = (context.document() as { exercises: { mistake: string; message: string }[] })
          .exercises
        expect(result.mistake).toBe(name.replace(".ts", ""))
        messages.set(name, result.message.split("\n")[0])
      }
    }
    expect(new Set(messages.values()).size).toBe(7)
  })

  test("says each in one JSON document of the agreed form", async () => {
    await start(context, "01", {})
    await check(context, "feb", {})
    expect(context.document()).toEqual({
      exercises: [
        {
          id: "feb/01-median",
          status: "failed",
          message: expect.stringContaining("Case 2 of 5"),
          seconds: expect.any(Number),
          case: "four values",
        },
        {
          id: "feb/02-retry",
          status: "not-started",
          message: "Not started: roadmap start feb/02-retry",
          seconds: 0,
        },
        {
          id: "feb/03-search",
          status: "not-started",
          message: "Not started: roadmap start feb/03-search",
          seconds: 0,
        },
      ],
    })
  })
})

describe("check of an exercise", () => {
  test("not started says how to start it", async () => {
    await expect(check(context, "median", {})).rejects.toMatchObject({
      code: "NOT_FOUND",
      hint: "Start it with: roadmap start feb/01-median",
    })
  })

  test("with --types names the line of a wrong type", async () => {
    await start(context, "01", {})
    const exercise = await repository.exercise("01")
    const right = readFileSync(join(exercise.folder, "solution.ts"), "utf8")
    writeFileSync(
      answerPath(repository.root, exercise),
      right.replace("values.length >> 1", "values.size >> 1"),
    )
    writeFileSync(
      answerPath(repository.root, exercise),
      right.replace("const half", "const unused: string = 1\n  const half"),
    )
    expect(await check(context, "01", {})).toBe(0)
    expect(await check(context, "01", { types: true })).toBe(1)
    expect(context.text()).toMatch(/The types do not fit:\n\s+line 5: TS2322/)
  })

  test("is recorded once for one answer", async () => {
    await start(context, "01", {})
    await check(context, "01", {})
    await check(context, "01", {})
    expect(await kinds()).toEqual(["check"])
  })

  test("suggests the nearest name of exercise or month", async () => {
    await expect(check(context, "medain", {})).rejects.toMatchObject({
      hint: 'Did you mean "feb/01-median"?',
    })
    await expect(check(context, "febr", {})).rejects.toMatchObject({
      message: 'There is no exercise or month "febr".',
      hint: 'Did you mean "feb"?',
    })
  })
})

describe("the way through a month", () => {
  test("start, fail, hint, fix, pass, next", async () => {
    await next(context)
    expect(context.document()).toEqual({ next: { id: "feb/01-median", title: "The median", started: false } })
    await start(context, "01", {})
    expect(context.document()).toMatchObject({ exercise: "feb/01-median", created: true })
    expect(await check(context, "01", {})).toBe(1)
    await hint(context, "01")
    expect(context.document()).toMatchObject({ hint: 1, of: 3 })
    await hint(context, "01")
    expect(context.document()).toMatchObject({ hint: 2, of: 3 })
    const exercise = await repository.exercise("01")
    copyFileSync(join(exercise.folder, "solution.ts"), answerPath(repository.root, exercise))
    expect(await check(context, "01", {})).toBe(0)
    await next(context)
    expect(context.document()).toMatchObject({ next: { id: "feb/02-retry" } })
    await progress(context, {})
    expect(context.document()).toMatchObject({
      months: [
        {
          exercises: [
            { name: "01-median", status: "passed", attempts: 2, hints: 2, solutionShown: false },
            {},
            {},
          ],
        },
      ],
    })
    expect(await kinds()).toEqual(["check", "hint", "hint", "check"])
  })

  test("an answer that was changed after its pass is next again", async () => {
    await answerWith("solution.ts")
    await check(context, undefined, {})
    await next(context)
    expect(context.document()).toEqual({ next: null })
    const path = answerPath(repository.root, await repository.exercise("02"))
    writeFileSync(path, `${readFileSync(path, "utf8")}\n`)
    await next(context)
    expect(context.document()).toMatchObject({ next: { id: "feb/02-retry", started: true } })
  })

  test("past the last hint the last is shown again and nothing is recorded", async () => {
    for (let i = 0; i < 5; i++) await hint(context, "03")
    expect(context.document()).toMatchObject({ hint: 2, of: 2 })
    expect(context.text()).toMatch(/That was the last one/)
    expect(await kinds()).toEqual(["hint", "hint"])
  })

  test("the solution is shown only after a yes, and that is recorded", async () => {
    await expect(solution(context, "01", {})).rejects.toMatchObject({ code: "USAGE", hint: "Pass --yes." })
    expect(await kinds()).toEqual([])
    await solution(context, "01", { yes: true })
    expect(context.text()).toMatch(/toSorted/)
    expect(await kinds()).toEqual(["solution"])
  })

  test("a corrupt line of evidence is named, skipped and reported", async () => {
    await start(context, "01", {})
    await check(context, "01", {})
    writeFileSync(join(repository.home, "evidence.jsonl"), "not a record\n", { flag: "a" })
    await progress(context, {})
    expect(context.document()).toMatchObject({
      warnings: [
        expect.stringMatching(/evidence\.jsonl line 2 is not a record of this program; it is skipped\.$/),
      ],
      months: [{ exercises: [{ status: "failed", attempts: 1 }, {}, {}] }],
    })
  })
})

describe("drill", () => {
  test("is listed, started, named, graded, solved and reset without a terminal", async () => {
    await drill(context, undefined, {})
    expect(context.document()).toMatchObject({ drills: [{ id: "feb/half-written", status: "not-started" }] })
    await drill(context, "half-written", { start: true })
    expect(context.document()).toMatchObject({
      status: "started",
      home: expect.stringContaining("half-written"),
    })
    expect(await drill(context, "half-written", { found: "rounding" })).toBe(1)
    expect(await drill(context, "half-written", { found: "duplicate" })).toBe(0)
    expect(await drill(context, "half-written", { check: true })).toBe(1)
    await expect(drill(context, "half-written", { solve: true })).rejects.toMatchObject({ code: "USAGE" })
    expect(await drill(context, "half-written", { solve: true, yes: true })).toBe(0)
    expect(context.document()).toMatchObject({ passed: true, solved: true })
    await drill(context, "half-written", { reset: true })
    expect(context.document()).toMatchObject({ deleted: true })
  })

  test("refuses two things at once, and a thing without a drill", async () => {
    await expect(drill(context, "half-written", { start: true, check: true })).rejects.toMatchObject({
      code: "USAGE",
    })
    await expect(drill(context, undefined, { start: true })).rejects.toMatchObject({ code: "USAGE" })
  })
})

describe("author", () => {
  test("check passes the fixtures and fails a broken one", async () => {
    expect(await authorCheck(context, "03")).toBe(0)
    writeFileSync(join((await repository.exercise("03")).folder, "hints.md"), "")
    expect(await authorCheck(context, "03")).toBe(1)
    expect(context.text()).toMatch(/- hints\.md has 0 sections/)
  })

  test("new writes one that is then found, and refuses another kind", async () => {
    await authorNew(context, "exercise", "feb", "known-mean")
    expect((await repository.exercise("04")).id).toBe("feb/04-known-mean")
    await expect(authorNew(context, "exercize", "feb", "x")).rejects.toMatchObject({
      hint: 'Did you mean "exercise"?',
    })
    await expect(authorNew(context, "drill", "fev", "x")).rejects.toMatchObject({ code: "UNKNOWN_NAME" })
  })
})
