import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { createLogger } from "@roadmap/core/logger"
import fc from "fast-check"
import { expect, test } from "vitest"
import { defineLab, defineStep, type Step } from "../src/lab.ts"
import { createRecordStore } from "../src/records.ts"
import { type LabOutcome, runLab } from "../src/run.ts"

/** A step stops at one of these places; at "killed" the process would have been gone. */
type Stop = "before" | "in the middle" | "after" | "never"

interface World {
  input: number
  /** What the steps write outside their records, as a warehouse does. */
  tables: Map<string, string>
  stop: { step: string; at: Stop; how: "fails" | "Ctrl-C" } | undefined
  abort: () => void
}

/** load -> table a -> (join) -> table b -> (score, by result and by checkpoint): each value tells what it was made from. */
const labOver = (world: World) => {
  const halt = (step: string, at: Stop) => {
    if (world.stop?.step !== step || world.stop.at !== at) return
    if (world.stop.how === "Ctrl-C") {
      world.abort()
      throw new RoadmapError("INTERRUPTED", "Interrupted.")
    }
    throw new RoadmapError("SQL_FAILED", "No.")
  }
  const tableStep = (id: string, from: () => string, needs: readonly Step[]) =>
    defineStep<{ made: string }>({
      id,
      title: id,
      needs,
      inputs: async (): Promise<Record<string, string>> =>
        id === "load" ? { file: String(world.input) } : {},
      intact: async () => world.tables.has(id),
      run: async ({ sample, seed, checkpoint }) => {
        halt(id, "before")
        const piece = await checkpoint("piece", async () => `${from()}*${sample}*${seed}`)
        // A table half made, or of other parameters, is what a stop leaves.
        world.tables.set(id, `half of ${piece}`)
        halt(id, "in the middle")
        world.tables.set(id, piece)
        halt(id, "after")
        return { made: piece, metrics: {} }
      },
    })
  const load = tableStep("load", () => String(world.input), [])
  const join_ = tableStep("join", () => world.tables.get("load") ?? "nothing", [load])
  const score = defineStep({
    id: "score",
    title: "score",
    needs: [join_],
    run: async ({ result }) => {
      halt("score", "before")
      const metrics = { "a/b/c/d": result(join_).made.length }
      halt("score", "after")
      return { seen: `${world.tables.get("join")}|${result(join_).made}`, metrics }
    },
  })
  return {
    lab: defineLab({ month: "2026-02", title: "T", consumes: [], produces: [], steps: [load, join_, score] }),
  }
}

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      sample: fc.integer({ min: 1, max: 2 }),
      seed: fc.integer({ min: 0, max: 1 }),
      force: fc.boolean(),
      code: fc.constantFrom("code-1", "code-2"),
      stop: fc.option(
        fc.record({
          step: fc.constantFrom("load", "join", "score"),
          at: fc.constantFrom<Stop>("before", "in the middle", "after"),
          how: fc.constantFrom("fails" as const, "Ctrl-C" as const),
        }),
        { nil: undefined },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("drop" as const), table: fc.constantFrom("load", "join") }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop all" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("input" as const), value: fc.integer({ min: 0, max: 2 }) }),
  },
)

test("whatever happened before, a run that ends well leaves what a run in a fresh folder would", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 8 }), async operations => {
      const home = mkdtempSync(join(tmpdir(), "labkit-property-"))
      try {
        const world: World = { input: 0, tables: new Map(), stop: undefined, abort: () => undefined }
        const { lab } = labOver(world)
        const go = async (o: {
          sample: number
          seed: number
          code: string
          force?: boolean
          stop?: World["stop"]
        }) => {
          const controller = new AbortController()
          world.stop = o.stop
          world.abort = () => controller.abort(new RoadmapError("INTERRUPTED", "Interrupted."))
          return runLab(lab, {
            config: loadConfig({ ROADMAP_HOME: home }),
            logger: createLogger("silent"),
            codeHash: o.code,
            sample: o.sample,
            seed: o.seed,
            force: o.force,
            signal: controller.signal,
          })
        }
        const isRight = (outcome: LabOutcome, { sample, seed }: { sample: number; seed: number }) => {
          expect(outcome.status).toBe("done")
          const load = `${world.input}*${sample}*${seed}`
          const joined = `${load}*${sample}*${seed}`
          expect(Object.fromEntries(world.tables)).toEqual({ load, join: joined })
          expect(outcome.metrics).toEqual({ "a/b/c/d": joined.length })
        }
        for (const each of operations) {
          if (each.do === "drop") world.tables.delete(each.table)
          else if (each.do === "drop all") world.tables.clear()
          else if (each.do === "input") world.input = each.value
          else {
            const outcome = await go(each)
            if (outcome.status === "done") isRight(outcome, each)
            else expect(outcome.status).toBe(each.stop?.how === "fails" ? "failed" : "interrupted")
          }
        }
        const last = { sample: 1, seed: 0, code: "code-1" }
        isRight(await go(last), last)
        // And then nothing is left to do.
        expect((await go(last)).steps.map(step => step.status)).toEqual(["skipped", "skipped", "skipped"])
      } finally {
        rmSync(home, { recursive: true, force: true })
      }
    }),
    { numRuns: 30 },
  )
}, 60_000)

test("a checkpoint that a kill left beside its finished record is not trusted when the step must run again", async () => {
  const home = mkdtempSync(join(tmpdir(), "labkit-checkpoint-"))
  try {
    const world: World = { input: 0, tables: new Map(), stop: undefined, abort: () => undefined }
    const { lab } = labOver(world)
    const options = {
      config: loadConfig({ ROADMAP_HOME: home }),
      logger: createLogger("silent"),
      codeHash: "code-1",
      signal: new AbortController().signal,
    }
    await runLab(lab, options)
    const records = createRecordStore(home, "2026-02")
    const key = (await records.read("load"))!.key
    await records.writeCheckpoint("load", key, "piece", "speaks of what is gone")
    world.tables.delete("load")
    expect((await runLab(lab, options)).status).toBe("done")
    expect(world.tables.get("load")).toBe("0*1*0")
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test.each(["{", "null", "[]", '"text"', "{}", '{"key":"k"}', ""])(
  "a record that holds %j is refused by its name, and --force begins anew",
  async content => {
    const home = mkdtempSync(join(tmpdir(), "labkit-record-"))
    try {
      const world: World = { input: 0, tables: new Map(), stop: undefined, abort: () => undefined }
      const { lab } = labOver(world)
      const options = {
        config: loadConfig({ ROADMAP_HOME: home }),
        logger: createLogger("silent"),
        codeHash: "code-1",
        signal: new AbortController().signal,
      }
      await runLab(lab, options)
      const folder = join(home, "labs", "2026-02", "steps")
      for (const name of readdirSync(folder)) writeFileSync(join(folder, name), content)
      const refused = await runLab(lab, options)
      expect(refused).toMatchObject({ status: "failed", error: { code: "STATE_CORRUPT" } })
      expect(refused.error?.message).toContain(folder)
      expect((await runLab(lab, { ...options, force: true })).status).toBe("done")
      expect((await runLab(lab, options)).steps.every(step => step.status === "skipped")).toBe(true)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
)
