import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import {
  checkDrill,
  type DrillOptions,
  drillHome,
  nameCause,
  readDrillState,
  resetDrill,
  solveDrill,
  startDrill,
} from "../src/drills/session.ts"
import { readEvidence } from "../src/evidence/log.ts"
import { drillProblems, progressOf } from "../src/evidence/progress.ts"
import type { LearningEntry } from "../src/exercises/catalog.ts"
import { type FixtureRepository, makeRepository } from "../testing/fixture-repository.ts"

let repository: FixtureRepository
let drill: LearningEntry
let clock: number
let options: DrillOptions
beforeEach(async () => {
  repository = makeRepository()
  drill = await repository.drill("half-written")
  clock = Date.parse("2026-02-10T08:00:00Z")
  options = {
    root: repository.root,
    home: repository.home,
    signal: new AbortController().signal,
    now: () => clock,
  }
})
afterEach(() => repository[Symbol.dispose]())

const ledger = () => join(drillHome(repository.home, drill), "ledger.json")
const after = (seconds: number) => {
  clock += seconds * 1000
}
const progress = async () => {
  const { records } = await readEvidence(repository.home)
  const [month] = await progressOf(
    [drill.lab],
    [],
    [drill],
    records.map(({ record }) => record),
  )
  return month.drills[0]
}

describe("a drill", () => {
  test("is started, diagnosed and repaired, and the times are those between", async () => {
    await startDrill(drill, options)
    expect(await progress()).toMatchObject({ status: "started" })
    after(30)
    expect(await nameCause(drill, options, "lost")).toBe(false)
    after(30)
    expect(await nameCause(drill, options, "duplicate")).toBe(true)
    expect((await checkDrill(drill, options)).passed).toBe(false)
    after(60)
    writeFileSync(ledger(), JSON.stringify(JSON.parse(readFileSync(ledger(), "utf8")).slice(0, 20)))
    const report = await checkDrill(drill, options)
    expect(report).toMatchObject({ passed: true, secondsToDetect: 60, secondsToRecover: 120 })
    expect(await progress()).toMatchObject({
      status: "passed",
      secondsToDetect: 60,
      secondsToRecover: 120,
      wrongCauses: 1,
    })
    expect(drillProblems((await readEvidence(repository.home)).records)).toEqual([])
  })

  test("is not passed by a repair that only looks like one", async () => {
    await startDrill(drill, options)
    const amounts = JSON.parse(readFileSync(ledger(), "utf8")) as number[]
    writeFileSync(
      join(drillHome(repository.home, drill), "total.json"),
      String(amounts.reduce((a, b) => a + b, 0)),
    )
    const { passed, grades } = await checkDrill(drill, options)
    expect(passed).toBe(false)
    expect(grades.map(grade => grade.passed)).toEqual([false, true])
  })

  test("gives the same fault each time", async () => {
    await startDrill(drill, options)
    const first = readFileSync(ledger(), "utf8")
    await resetDrill(drill, options)
    expect(existsSync(ledger())).toBe(false)
    await startDrill(drill, options)
    expect(readFileSync(ledger(), "utf8")).toBe(first)
  })

  test("can be solved by its script, which the progress says", async () => {
    await startDrill(drill, options)
    expect(await solveDrill(drill, options)).toMatchObject({ passed: true, state: { solved: true } })
    expect(await progress()).toMatchObject({ status: "solved" })
    expect((await progress()).secondsToRecover).toBeUndefined()
  })

  test("keeps the time of its first pass", async () => {
    await startDrill(drill, options)
    after(10)
    await solveDrill(drill, options)
    after(1000)
    expect((await checkDrill(drill, options)).secondsToRecover).toBe(10)
  })

  test("is refused twice, unstarted, with an unknown cause, and with a state that is no JSON", async () => {
    await expect(checkDrill(drill, options)).rejects.toMatchObject({
      code: "NOT_FOUND",
      hint: expect.stringContaining("--start"),
    })
    await startDrill(drill, options)
    await expect(startDrill(drill, options)).rejects.toMatchObject({ code: "ALREADY_EXISTS" })
    await expect(nameCause(drill, options, "duplicat")).rejects.toMatchObject({
      code: "UNKNOWN_NAME",
      hint: 'Did you mean "duplicate"?',
    })
    writeFileSync(join(drillHome(repository.home, drill), "..", "drill.json"), "{")
    await expect(readDrillState(repository.home, drill)).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      hint: expect.stringContaining("--reset"),
    })
    expect(await resetDrill(drill, options)).toBe(true)
  })

  test("begins anew when its start was killed half way", async () => {
    repository.write(".roadmap/drills/2026-02-half-written/home/ledger.json", "[")
    await startDrill(drill, options)
    expect(JSON.parse(readFileSync(ledger(), "utf8"))).toHaveLength(21)
  })
})
