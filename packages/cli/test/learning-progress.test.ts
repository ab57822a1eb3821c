import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { checkDrill, drillHome, nameCause, startDrill } from "@roadmap/labkit/drills/session"
import { recordRun } from "@roadmap/labkit/evidence/learned"
import { appendEvidence, evidencePath } from "@roadmap/labkit/evidence/log"
import type { EvidenceRecord } from "@roadmap/labkit/evidence/record"
import { answerPath, startExercise } from "@roadmap/labkit/exercises/workbook"
import { type FixtureRepository, makeRepository } from "@roadmap/labkit/testing/fixture-repository"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { check } from "../src/commands/check.ts"
import { openLearning } from "../src/learning/catalog.ts"
import { writeProgress } from "../src/learning/progress-files.ts"
import { type RunAgain, verifyProgress } from "../src/learning/progress-verify.ts"
import { type TestContext, testContext } from "./learning-context.ts"

const metrics = {
  "delay/mean/rmse/test": 35.47,
  "delay/boosting/rmse/test": 29.8,
  "late/prior/log_loss/test": 0.51,
  "late/boosting/log_loss/test": 0.44,
}

let repository: FixtureRepository
let context: TestContext
beforeEach(async () => {
  repository = makeRepository()
  context = testContext(repository)
  await learn()
  await writePages()
})
afterEach(() => repository[Symbol.dispose]())

/** A run, an exercise passed, a drill recovered. */
const learn = async () => {
  const { root, home } = repository
  const outcome = {
    month: "2026-02",
    status: "done" as const,
    seconds: 41,
    steps: [],
    metrics,
    measured: [],
    tolerances: {},
    artifacts: {},
  }
  recordRun(home, outcome, { codeHash: "code", seed: 0, sample: 1, upstream: [] })
  const exercise = await repository.exercise("median")
  const { path } = await startExercise(root, exercise)
  await check(context, "median", {})
  copyFileSync(join(exercise.folder, "solution.ts"), path)
  await check(context, "median", {})
  const drill = await repository.drill("half-written")
  let clock = Date.parse("2026-02-10T08:00:00Z")
  const options = { root, home, signal: context.signal, now: () => (clock += 60_000) }
  await startDrill(drill, options)
  await nameCause(drill, options, "duplicate")
  const ledger = join(drillHome(home, drill), "ledger.json")
  writeFileSync(ledger, JSON.stringify(JSON.parse(readFileSync(ledger, "utf8")).slice(0, 20)))
  await checkDrill(drill, options)
}

const writePages = async () => writeProgress(context, await openLearning(context))
const runAgain: RunAgain = async () => ({ metrics })
const verify = async (again = runAgain) =>
  (await verifyProgress(context, await openLearning(context), again)).mismatches
const page = (name: string) => join(repository.root, "docs", "progress", name)
const edit = (name: string, from: string | RegExp, to: string) => {
  const before = readFileSync(page(name), "utf8")
  writeFileSync(page(name), before.replace(from, to))
  expect(readFileSync(page(name), "utf8")).not.toBe(before)
}

/** Forges the evidence anew from changed records, chain and pages included, as someone who knows the program would. */
const forge = async (change: (records: EvidenceRecord[]) => void) => {
  const path = evidencePath(repository.home)
  const records = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line) as EvidenceRecord)
  change(records)
  rmSync(path)
  rmSync(page("evidence.jsonl"))
  for (const { version: _v, versions: _n, previous: _p, hash: _h, ...entry } of records)
    appendEvidence(repository.home, entry)
  await writePages()
}

describe("docs/progress", () => {
  test("holds when it was written from the evidence", async () => {
    expect(await verify()).toEqual([])
  })

  test("shows the run, its plots, the exercises and the drills", () => {
    expect(readFileSync(page("index.md"), "utf8")).toMatch(/\[2026-02\]\(2026-02\.md\).*1 of 3 +\| 1 of 1/)
    const month = readFileSync(page("2026-02.md"), "utf8")
    expect(month).toMatch(/used all rows and seed 0; it took 41 s/)
    expect(month).toMatch(/\| rmse, test +\| +29\.8 \| +35\.47 \|/)
    expect(month).toMatch(/!\[delay: rmse on the test split\]\(2026-02\/delay-rmse\.svg\)/)
    expect(month).toMatch(/\| 01-median +\| The median +\| passed 20\d\d-\d\d-\d\d +\| +2 \| +0 \|/)
    expect(month).toMatch(/\| half-written .*\| recovered +\| 1 min 0 s +\| 2 min 0 s +\| 5 min/)
    expect(readFileSync(page("2026-02/delay-rmse.svg"), "utf8")).toMatch(/^<svg[^>]*role="img"/)
  })

  test("written again from the same evidence is the same to the byte", async () => {
    const before = ["index.md", "2026-02.md", "2026-02/delay-rmse.svg"].map(name =>
      readFileSync(page(name), "utf8"),
    )
    await writePages()
    expect(
      ["index.md", "2026-02.md", "2026-02/delay-rmse.svg"].map(name => readFileSync(page(name), "utf8")),
    ).toEqual(before)
  })

  test("can be verified by someone who has the repository and no evidence of his own", async () => {
    rmSync(evidencePath(repository.home))
    expect(await verify()).toEqual([])
  })
})

describe("verify refuses, and names the file and line of,", () => {
  const evidence = "docs/progress/evidence.jsonl"
  test.each<[string, () => unknown, object]>([
    [
      "a page that says more was passed",
      () => edit("index.md", "1 of 3", "3 of 3"),
      {
        file: "docs/progress/index.md",
        line: 5,
        what: expect.stringMatching(/reads ".*3 of 3.*"; the evidence yields ".*1 of 3/),
      },
    ],
    [
      "a better metric on a page",
      () => edit("2026-02.md", "29.8", "19.8"),
      { file: "docs/progress/2026-02.md", line: 11 },
    ],
    [
      "a shorter recovery on a page",
      () => edit("2026-02.md", "2 min 0 s", "1 min 30 s"),
      { file: "docs/progress/2026-02.md" },
    ],
    [
      "a line added to a page",
      () => appendFileSync(page("index.md"), "All passed.\n"),
      { file: "docs/progress/index.md", what: expect.stringMatching(/reads "All passed\."/) },
    ],
    [
      "another plot",
      () => edit("2026-02/delay-rmse.svg", "29.8", "9.8"),
      { file: "docs/progress/2026-02/delay-rmse.svg", line: expect.any(Number) },
    ],
    [
      "a missing plot",
      () => rmSync(page("2026-02/delay-rmse.svg")),
      { file: "docs/progress/2026-02/delay-rmse.svg", what: "is missing" },
    ],
    [
      "a page that nothing yields",
      () => writeFileSync(page("2026-09.md"), "# Passed\n"),
      { file: "docs/progress/2026-09.md", what: "does not follow from the evidence" },
    ],
    [
      "a changed record",
      () => edit("evidence.jsonl", '"status":"failed"', '"status":"passed"'),
      { file: evidence, line: 2, what: expect.stringMatching(/was changed after it was written/) },
    ],
    [
      "a removed record",
      () => edit("evidence.jsonl", /\n.*\n/, "\n"),
      { file: evidence, line: 2, what: expect.stringMatching(/does not follow the line before it/) },
    ],
    [
      "records in another order",
      () => edit("evidence.jsonl", /^(.*)\n(.*)\n/, "$2\n$1\n"),
      { file: evidence, line: 1 },
    ],
    [
      "a cut-off end of the evidence",
      () => edit("evidence.jsonl", /.*\n$/, ""),
      { file: "docs/progress/index.md" },
    ],
    [
      "an answer that was changed since its pass",
      async () => appendFileSync(answerPath(repository.root, await repository.exercise("median")), "\n"),
      {
        file: evidence,
        line: 3,
        what: expect.stringMatching(/passed with another answer than workbook\/2026-02\/01-median\.ts holds/),
      },
    ],
    [
      "an answer that is gone",
      async () => rmSync(answerPath(repository.root, await repository.exercise("median"))),
      { file: evidence, line: 3, what: expect.stringMatching(/01-median\.ts is missing/) },
    ],
  ])("%s", async (_name, tamper, mismatch) => {
    await tamper()
    expect(await verify()).toContainEqual(expect.objectContaining(mismatch))
  })

  test("a metric forged together with chain and pages: the run done again says otherwise", async () => {
    await forge(records => {
      ;(records[0].result.metrics as Record<string, number>)["delay/boosting/rmse/test"] = 19.8
    })
    expect(await verify()).toEqual([
      { file: evidence, line: 1, what: "claims delay/boosting/rmse/test = 19.8; run again it is 29.8" },
    ])
  })

  test("a pass forged together with chain and pages: the answer checked again fails", async () => {
    const exercise = await repository.exercise("search")
    await startExercise(repository.root, exercise)
    await check(context, "search", {})
    await forge(records => {
      records.at(-1)!.result.status = "passed"
    })
    expect(await verify()).toEqual([
      {
        file: evidence,
        line: expect.any(Number),
        what: expect.stringMatching(
          /claims that 2026-02\/03-search was passed; checked again it fails: Case 3 of 4/,
        ),
      },
    ])
  })

  test("a forged recovery: its records lie further apart", async () => {
    await forge(records => {
      records.at(-1)!.result.secondsToRecover = 5
    })
    expect(await verify()).toEqual([
      {
        file: evidence,
        line: 6,
        what: "claims a recovery of drill 2026-02/half-written in 5 s; its records are 120 s apart",
      },
    ])
  })

  test("a recovery of a drill that was never started", async () => {
    await forge(records => {
      records.splice(3, 1)
    })
    expect(await verify()).toContainEqual(
      expect.objectContaining({
        what: "claims that drill 2026-02/half-written was passed, which was never started",
      }),
    )
  })

  test("a run that cannot be done again, and metrics that came or went", async () => {
    expect(await verify(async () => "the file is missing")).toEqual([
      {
        file: evidence,
        line: 1,
        what: "claims a run of 2026-02, which cannot be done again: the file is missing",
      },
    ])
    const { "delay/mean/rmse/test": _, ...fewer } = metrics
    expect(await verify(async () => ({ metrics: { ...fewer, "new/a/b/c": 1 } }))).toEqual([
      expect.objectContaining({
        what: "claims delay/mean/rmse/test = 35.47; run again there is no such metric",
      }),
      expect.objectContaining({ what: "does not have new/a/b/c, which is 1 when run again" }),
    ])
  })
})

test("a difference within the tolerance of another machine is none", async () => {
  expect(
    await verify(async () => ({ metrics: { ...metrics, "delay/boosting/rmse/test": 29.8 * (1 + 1e-8) } })),
  ).toEqual([])
})

test("what measures the machine must be there, with whatever value; the code says which", async () => {
  const name = "delay/boosting/rmse/test"
  const slower = { ...metrics, [name]: 40 }
  expect(await verify(async () => ({ metrics: slower, measured: [name] }))).toEqual([])
  const { [name]: _, ...gone } = slower
  expect(await verify(async () => ({ metrics: gone, measured: [name] }))).toHaveLength(1)
})

test("a metric may differ by as much as the code says, and no more", async () => {
  const name = "delay/boosting/rmse/test"
  const again = (by: number) => async () => ({
    metrics: { ...metrics, [name]: metrics[name] + by },
    tolerances: { [name]: 0.1 },
  })
  expect(await verify(again(0.099))).toEqual([])
  expect(await verify(again(-0.101))).toHaveLength(1)
})

describe("write refuses", () => {
  test("evidence that was tampered with", async () => {
    const path = evidencePath(repository.home)
    writeFileSync(path, readFileSync(path, "utf8").replace('"status":"failed"', '"status":"passed"'))
    await expect(writePages()).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringMatching(/line 2 was changed/),
    })
  })

  test("to overwrite records that this home does not have", async () => {
    rmSync(evidencePath(repository.home))
    await expect(writePages()).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      hint: expect.stringMatching(/^To go on from them, copy it/),
    })
  })
})

test("verify before any write says what to do", async () => {
  rmSync(dirname(page("x")), { recursive: true })
  mkdirSync(dirname(page("x")))
  await expect(verify()).rejects.toMatchObject({
    code: "FILE_MISSING",
    hint: "Write the pages first: roadmap progress --write",
  })
})
