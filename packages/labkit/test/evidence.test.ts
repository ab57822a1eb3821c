import { spawn } from "node:child_process"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lockFile } from "@roadmap/core/lock-file"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { readChain } from "../src/evidence/chain.ts"
import { recordRun } from "../src/evidence/learned.ts"
import { appendEvidence, evidencePath, readEvidence } from "../src/evidence/log.ts"
import { type EvidenceRecord, hashOf, type NewEvidence, toLine } from "../src/evidence/record.ts"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "evidence-"))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const entry = (id: string): NewEvidence => ({
  kind: "check",
  month: "2026-02",
  id,
  inputs: "i",
  code: "c",
  result: { status: "passed" },
  seconds: 0.1,
})

const lines = () => readFileSync(evidencePath(home), "utf8").trimEnd().split("\n")
const write = (changed: readonly string[]) => writeFileSync(evidencePath(home), `${changed.join("\n")}\n`)

describe("evidence", () => {
  test("is one record a line, each tied to the one before", async () => {
    for (const id of ["a", "b", "c"]) appendEvidence(home, entry(id))
    const chain = await readEvidence(home)
    expect(chain.problems).toEqual([])
    expect(chain.records.map(({ record, line }) => [record.id, line])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ])
    expect(chain.records[0].record).toMatchObject({
      version: 1,
      versions: { node: process.versions.node, package: "0.1.0" },
    })
  })

  test("of a home without any is empty", async () => {
    expect((await readEvidence(home)).records).toEqual([])
  })

  test("holds what a run measured", async () => {
    recordRun(
      home,
      {
        month: "2026-02",
        status: "done",
        seconds: 3,
        steps: [],
        metrics: { "a/b/c/d": 1.5, "a/b/ms/d": 7 },
        measured: ["a/b/ms/d"],
        tolerances: { "a/b/c/d": 0.1 },
        artifacts: {},
      },
      { codeHash: "code", seed: 7, sample: 10, upstream: [] },
    )
    expect((await readEvidence(home)).records[0].record).toMatchObject({
      kind: "run",
      code: "code",
      result: {
        status: "done",
        seed: 7,
        sample: 10,
        metrics: { "a/b/c/d": 1.5 },
        measurements: { "a/b/ms/d": 7 },
        tolerances: { "a/b/c/d": 0.1 },
      },
    })
  })

  test("of four processes that write at once is one intact chain", async () => {
    const script = join(home, "write.mjs")
    const log = join(import.meta.dirname, "..", "src", "evidence", "log.ts")
    writeFileSync(
      script,
      `import { appendEvidence } from ${JSON.stringify(log)}
for (let i = 0; i < 10; i++) appendEvidence(${JSON.stringify(home)}, { ...${JSON.stringify(entry("x"))}, id: process.argv[2] + i })`,
    )
    const codes = await Promise.all(
      ["a", "b", "c", "d"].map(
        name =>
          new Promise(resolve =>
            spawn(process.execPath, [script, name], { stdio: "inherit" }).on("close", resolve),
          ),
      ),
    )
    expect(codes).toEqual([0, 0, 0, 0])
    const chain = await readEvidence(home)
    expect(chain.problems).toEqual([])
    expect(new Set(chain.records.map(({ record }) => record.id)).size).toBe(40)
  })

  test("after a line cut short by a kill goes on below it, and the cut line is named and skipped", async () => {
    appendEvidence(home, entry("a"))
    appendFileSync(evidencePath(home), '{"version":1,"at":"2026')
    appendEvidence(home, entry("b"))
    const chain = await readEvidence(home)
    expect(chain.records.map(({ record }) => record.id)).toEqual(["a", "b"])
    expect(chain.problems).toEqual([
      { line: 2, what: "is not a record of this program; it is skipped", kind: "skipped" },
    ])
  })

  test("with a line longer than the first look back is still tied", async () => {
    appendEvidence(home, { ...entry("a"), result: { message: "x".repeat(20_000) } })
    appendEvidence(home, entry("b"))
    expect((await readEvidence(home)).problems).toEqual([])
  })
})

describe("a tampered evidence file is found, with the line", () => {
  const edited = (line: string, change: (record: EvidenceRecord) => void) => {
    const record = JSON.parse(line) as EvidenceRecord
    change(record)
    return record
  }
  test.each<[string, (all: string[]) => string[], number, RegExp]>([
    [
      "a changed result",
      all => all.with(1, all[1].replace("passed", "failed")),
      2,
      /was changed after it was written/,
    ],
    [
      "a changed time",
      all =>
        all.with(
          0,
          toLine(
            edited(all[0], record => {
              record.seconds = 9
            }),
          ),
        ),
      1,
      /was changed/,
    ],
    ["a removed line", all => all.toSpliced(1, 1), 2, /does not follow the line before it/],
    ["two lines in another order", all => [all[1], all[0], all[2]], 1, /does not follow/],
    ["a line twice", all => all.toSpliced(1, 0, all[0]), 2, /does not follow/],
    [
      "a changed record with a new hash",
      all => {
        const record = edited(all[0], one => {
          one.result = { status: "failed" }
        })
        return all.with(0, toLine({ ...record, hash: hashOf(record) }))
      },
      2,
      /does not follow/,
    ],
    ["a line turned into nonsense", all => all.with(0, "nonsense"), 2, /does not follow/],
    ["a first line cut off", all => all.slice(1), 1, /does not follow/],
  ])("%s", async (_name, change, line, what) => {
    for (const id of ["a", "b", "c"]) appendEvidence(home, entry(id))
    write(change(lines()))
    const { problems } = await readEvidence(home)
    expect(problems.find(problem => problem.kind === "broken")).toMatchObject({
      line,
      what: expect.stringMatching(what),
    })
  })

  test("and a cut-off end shows in the head alone", async () => {
    for (const id of ["a", "b", "c"]) appendEvidence(home, entry(id))
    const whole = readChain(readFileSync(evidencePath(home), "utf8"))
    write(lines().slice(0, 2))
    const cut = readChain(readFileSync(evidencePath(home), "utf8"))
    expect(cut.problems).toEqual([])
    expect(cut.head).not.toBe(whole.head)
  })
})

test("a lock refuses a second holder at once and is free after the first", () => {
  const options = { waitMs: 0, busy: "Another one.", hint: "Wait." }
  const path = join(home, "x.lock")
  const first = lockFile(path, options)
  expect(() => lockFile(path, options)).toThrow(
    expect.objectContaining({ code: "STATE_LOCKED", message: "Another one." }),
  )
  first[Symbol.dispose]()
  lockFile(path, options)[Symbol.dispose]()
})
