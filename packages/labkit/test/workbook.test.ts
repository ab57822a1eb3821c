import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { unprivileged } from "@roadmap/core/testing/unprivileged"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findLabs } from "../src/catalog.ts"
import { findExercises, resolveEntry } from "../src/exercises/catalog.ts"
import { answerPath, isStarted, startExercise } from "../src/exercises/workbook.ts"
import { type FixtureRepository, makeRepository } from "../testing/fixture-repository.ts"

let repository: FixtureRepository
beforeEach(() => {
  repository = makeRepository()
})
afterEach(() => repository[Symbol.dispose]())

describe("starting an exercise", () => {
  test("copies the starter under a line that says what it answers", async () => {
    const exercise = await repository.exercise("median")
    const { path, created } = await startExercise(repository.root, exercise)
    expect(created).toBe(true)
    expect(path).toBe(join(repository.root, "workbook", "2026-02", "01-median.ts"))
    const [first, ...rest] = readFileSync(path, "utf8").split("\n")
    expect(first).toMatch(/^\/\/ exercise 2026-02\/01-median, version 1, task [0-9a-f]{12}$/)
    expect(rest.join("\n")).toBe(readFileSync(join(exercise.folder, "starter.ts"), "utf8"))
  })

  test("keeps an answer that is there, and replaces it only when asked", async () => {
    const exercise = await repository.exercise("median")
    const { path } = await startExercise(repository.root, exercise)
    writeFileSync(path, "mine")
    expect((await startExercise(repository.root, exercise)).created).toBe(false)
    expect(readFileSync(path, "utf8")).toBe("mine")
    await startExercise(repository.root, exercise, true)
    expect(readFileSync(path, "utf8")).not.toBe("mine")
  })

  test.each(["workbook", "workbook/2026-02", "workbook/2026-02/01-median.ts"])(
    "refuses %s being a link",
    async name => {
      const exercise = await repository.exercise("median")
      const elsewhere = join(repository.root, "elsewhere")
      mkdirSync(elsewhere)
      mkdirSync(join(repository.root, name, ".."), { recursive: true })
      symlinkSync(elsewhere, join(repository.root, name))
      const refused = expect.objectContaining({ code: "PATH_OUTSIDE", message: `${name} is a link.` })
      await expect(startExercise(repository.root, exercise)).rejects.toEqual(refused)
      await expect(isStarted(repository.root, exercise)).rejects.toEqual(refused)
    },
  )

  test("refuses a file in the place of the workbook", async () => {
    repository.write("workbook", "")
    await expect(startExercise(repository.root, await repository.exercise("median"))).rejects.toMatchObject({
      message: "workbook is not a folder.",
    })
  })

  test("says that a read-only workbook cannot be written", () => {
    const folder = join(repository.root, "workbook", "2026-02")
    const program = join(import.meta.dirname, "processes", "start-exercise.ts")
    const start = () =>
      execFileSync(...unprivileged(process.execPath, [program, repository.root]), { encoding: "utf8" }).trim()
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o555)
    expect(start()).toBe("PERMISSION: workbook/2026-02 cannot be written.")
    chmodSync(folder, 0o755)
    expect(start()).toBe("started")
  })
})

describe("an exercise is found by", () => {
  test.each([
    "feb/01-median",
    "2026-02/01-median",
    "tiny/01-median",
    "2026-02-tiny/median",
    "01-median",
    "01",
    "median",
    "feb/01",
    "FEB/Median",
    "01-median.ts",
  ])("%s", async word => {
    expect((await repository.exercise(word)).id).toBe("feb/01-median")
  })

  test("a wrong name suggests the nearest", async () => {
    await expect(repository.exercise("medain")).rejects.toMatchObject({
      code: "UNKNOWN_NAME",
      message: 'There is no exercise "medain".',
      hint: 'Did you mean "feb/01-median"?',
    })
  })

  test("a name of nothing near lists what there is", async () => {
    await expect(repository.exercise("thermodynamics")).rejects.toMatchObject({
      hint: "There are: feb/01-median, feb/02-retry, feb/03-search.",
    })
  })

  test("a name that two months have must be said in full, unless one is worked on", async () => {
    repository.write("labs/2026-03-other/package.json", '{ "description": "Other" }')
    repository.write("labs/2026-03-other/exercises/01-mean/task.md", "# Mean")
    const exercises = await findExercises(await findLabs(repository.root))
    expect(() => resolveEntry(exercises, "01", "exercise")).toThrow(
      expect.objectContaining({ code: "UNKNOWN_NAME", hint: "Say which: feb/01-median, mar/01-mean." }),
    )
    expect(resolveEntry(exercises, "01", "exercise", "2026-03").id).toBe("mar/01-mean")
  })
})

test("the answer of an exercise lies in the month's folder of the workbook", async () => {
  expect(answerPath("/r", await repository.exercise("03"))).toBe(
    join("/r", "workbook", "2026-02", "03-search.ts"),
  )
})
