import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { createLogger } from "@roadmap/core/logger"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { defineLab, defineStep } from "../src/lab.ts"
import { type RunOptions, runLab } from "../src/run.ts"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "labkit-"))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const options = (changes: Partial<RunOptions> = {}): RunOptions => ({
  config: loadConfig({ ROADMAP_HOME: home }),
  logger: createLogger("silent"),
  codeHash: "code-1",
  signal: new AbortController().signal,
  ...changes,
})

/** Two steps; `calls` lists what ran, `input` is the content of the outside input. */
const twoStepLab = () => {
  const state = { calls: [] as string[], input: "a", failing: false, intact: true }
  const load = defineStep({
    id: "load",
    title: "Load",
    inputs: async () => ({ file: state.input }),
    intact: async () => state.intact,
    run: async () => {
      state.calls.push("load")
      return { rows: state.input.length, metrics: { "load/rows": state.input.length } }
    },
  })
  const train = defineStep({
    id: "train",
    title: "Train",
    needs: [load],
    run: async context => {
      const first = await context.checkpoint("first", async () => {
        state.calls.push("train:first")
        return { rows: context.result(load).rows, random: context.random.next() }
      })
      if (state.failing) throw new RoadmapError("DATA_CONTRACT", "No.")
      state.calls.push("train")
      return { first, artifacts: { model: "models:/m/1" } }
    },
  })
  return {
    state,
    lab: defineLab({ month: "2026-02", title: "T", consumes: [], produces: [], steps: [load, train] }),
  }
}

describe("a lab run", () => {
  test("hands each step's result to the steps that need it and collects metrics and artifacts", async () => {
    const { lab } = twoStepLab()
    const outcome = await runLab(lab, options())
    expect(outcome).toMatchObject({
      status: "done",
      metrics: { "load/rows": 1 },
      artifacts: { model: "models:/m/1" },
    })
  })

  test("skips every step when nothing changed", async () => {
    const { lab, state } = twoStepLab()
    const first = await runLab(lab, options())
    const second = await runLab(lab, options())
    expect(second.steps.map(step => step.status)).toEqual(["skipped", "skipped"])
    expect(state.calls).toEqual(["load", "train:first", "train"])
    expect(second.key).toBe(first.key)
  })

  test.each([
    ["the code", { codeHash: "code-2" }],
    ["the seed", { seed: 7 }],
    ["the sample", { sample: 10 }],
    ["a month it consumes", { upstream: ["other"] }],
  ])("runs all steps again when %s changed", async (_what, change) => {
    const { lab, state } = twoStepLab()
    await runLab(lab, options())
    await runLab(lab, options(change))
    expect(state.calls.filter(call => call === "load")).toHaveLength(2)
    expect(state.calls.filter(call => call === "train")).toHaveLength(2)
  })

  test("runs a step and those after it again when an outside input changed", async () => {
    const { lab, state } = twoStepLab()
    await runLab(lab, options())
    state.input = "bb"
    const outcome = await runLab(lab, options())
    expect(outcome.steps.map(step => step.status)).toEqual(["done", "done"])
    expect(outcome.metrics["load/rows"]).toBe(2)
  })

  test("runs only the step whose outputs are gone when its key is unchanged", async () => {
    const { lab, state } = twoStepLab()
    await runLab(lab, options())
    state.intact = false
    const outcome = await runLab(lab, options())
    expect(outcome.steps.map(step => step.status)).toEqual(["done", "skipped"])
  })

  test("a step made again for lost outputs that hands on something else makes those that read it run again", async () => {
    let made = 0
    let intact = true
    const train = defineStep({
      id: "train",
      title: "Train",
      intact: async () => intact,
      run: async () => ({ runId: `run-${++made}`, metrics: {} }),
    })
    const other = defineStep({ id: "other", title: "Other", run: async () => ({}) })
    const compare = defineStep({
      id: "compare",
      title: "Compare",
      needs: [train],
      run: async ({ result }) => ({ artifacts: { run: result(train).runId } }),
    })
    const lab = defineLab({
      month: "2026-02",
      title: "T",
      consumes: [],
      produces: [],
      steps: [train, other, compare],
    })
    await runLab(lab, options())
    intact = false
    const outcome = await runLab(lab, options())
    expect(outcome.steps.map(step => step.status)).toEqual(["done", "skipped", "done"])
    expect(outcome.artifacts.run).toBe("run-2")
  })

  test("resumes at the failed step and takes its finished pieces from the checkpoint", async () => {
    const { lab, state } = twoStepLab()
    state.failing = true
    const failed = await runLab(lab, options())
    expect(failed).toMatchObject({ status: "failed", error: { code: "DATA_CONTRACT" } })
    state.failing = false
    const resumed = await runLab(lab, options())
    expect(resumed.steps.map(step => step.status)).toEqual(["skipped", "done"])
    expect(state.calls).toEqual(["load", "train:first", "train"])
  })

  test("a step that began to run again no longer counts as done for its old key", async () => {
    const { lab, state } = twoStepLab()
    await runLab(lab, options())
    state.failing = true
    await runLab(lab, options({ seed: 7 }))
    state.failing = false
    await runLab(lab, options())
    expect(state.calls.filter(call => call === "train")).toHaveLength(2)
  })

  test("stops between steps when interrupted and says so", async () => {
    const { lab } = twoStepLab()
    const controller = new AbortController()
    const outcome = await runLab(
      lab,
      options({
        signal: controller.signal,
        onEvent: event => {
          if (event.type === "step-end") controller.abort(new RoadmapError("INTERRUPTED", "Interrupted."))
        },
      }),
    )
    expect(outcome.status).toBe("interrupted")
    expect(outcome.steps.map(step => step.status)).toEqual(["done", "interrupted"])
  })

  test("a corrupt record is refused with the file's name", async () => {
    const { lab } = twoStepLab()
    await runLab(lab, options())
    const folder = join(home, "labs", "2026-02", "steps")
    writeFileSync(join(folder, readdirSync(folder)[0]), "{")
    const outcome = await runLab(lab, options())
    expect(outcome).toMatchObject({ status: "failed", error: { code: "STATE_CORRUPT" } })
    expect(outcome.error?.message).toContain(folder)
  })

  test("a result that JSON cannot keep fails the step instead of being changed silently", async () => {
    const broken = defineStep({ id: "s", title: "S", run: async () => ({ value: Number.NaN }) })
    const lab = defineLab({ month: "2026-02", title: "T", consumes: [], produces: [], steps: [broken] })
    expect((await runLab(lab, options())).status).toBe("failed")
  })
})

describe("a lab definition", () => {
  const step = (id: string) => defineStep({ id, title: id, run: async () => ({}) })
  test("refuses two steps of one name", () => {
    expect(() =>
      defineLab({ month: "2026-02", title: "T", consumes: [], produces: [], steps: [step("a"), step("a")] }),
    ).toThrow(/two steps "a"/)
  })
  test("refuses a need on a later step", () => {
    const a = step("a")
    const b = defineStep({ id: "b", title: "b", needs: [a], run: async () => ({}) })
    expect(() =>
      defineLab({ month: "2026-02", title: "T", consumes: [], produces: [], steps: [b, a] }),
    ).toThrow(/does not come before/)
  })
})
