import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openRegistry } from "@roadmap/model-registry/open"
import { writeSampleModel } from "@roadmap/model-registry/testing/sample-model"
import { openTracking } from "@roadmap/tracking/open"
import { withRun } from "@roadmap/tracking/run-recorder"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { syncModels } from "../src/sync/models.ts"
import { syncRuns } from "../src/sync/runs.ts"
import { newTally } from "../src/sync/tally.ts"
import { roadmap } from "../testing/command.ts"

/** From one embedded home to another: the ports are the same as a server's. */
describe("a sync", () => {
  let here: string
  let there: string
  beforeEach(() => {
    here = mkdtempSync(join(tmpdir(), "sync-here-"))
    there = mkdtempSync(join(tmpdir(), "sync-there-"))
  })
  afterEach(() => {
    for (const home of [here, there]) rmSync(home, { recursive: true })
  })

  const fill = async () => {
    const store = await openTracking({ home: here })
    const { run: parent } = await withRun(store, { experiment: "lab", runName: "search" }, async run => {
      await run.params({ alpha: 0.1 })
      for (let step = 0; step < 1_200; step++) await run.metric("loss", step, step)
    })
    await withRun(store, { experiment: "lab", runName: "trial", parentRunId: parent.runId }, async run => {
      await run.artifact("plots/loss.svg", { text: "<svg/>" })
      await run.inputs([{ name: "flights", digest: "d", sourceType: "local", source: "f" }])
    })
    await store.close()
    const registry = await openRegistry({ home: here })
    for (const seed of [1, 2]) {
      const { directory } = await writeSampleModel(here, seed)
      const lineage = { runId: parent.runId, ...(seed === 2 && { parentVersion: 1 }) }
      await registry.register({ name: "ridge", directory, lineage })
    }
    await registry.setAlias("ridge", "champion", 2)
    await registry.close()
  }
  const sync = async (dryRun = false) => {
    const tally = newTally()
    const [from, to] = [await openTracking({ home: here }), await openTracking({ home: there })]
    const [fromModels, toModels] = [await openRegistry({ home: here }), await openRegistry({ home: there })]
    const shared = { tally, dryRun, say: () => undefined }
    const runs = await syncRuns({ ...shared, from, to })
    await syncModels({ ...shared, from: fromModels, to: toModels, runs })
    for (const part of [from, to, fromModels, toModels]) await part.close()
    return tally
  }

  test("pushes everything once, reads it back equal, and then has nothing to push", async () => {
    await fill()
    const first = await sync()
    expect(first.differences).toEqual([])
    expect(first.pushed).toMatchObject({
      experiments: 1,
      runs: 2,
      "metric points": 1_200,
      artifacts: 1,
      versions: 2,
    })
    expect(first.verified).toEqual(first.here)
    const second = await sync()
    expect(new Set(Object.values(second.pushed))).toEqual(new Set([0]))
    expect(second.verified).toEqual(first.here)
  })
  test("with dry-run counts and writes nothing", async () => {
    await fill()
    expect((await sync(true)).pushed).toMatchObject({ experiments: 1, runs: 2, models: 1, versions: 2 })
    const store = await openTracking({ home: there })
    expect((await store.searchExperiments()).items).toEqual([])
    await store.close()
  })
  test("pushes what came later, and names what others changed", async () => {
    await fill()
    await sync()
    const store = await openTracking({ home: here })
    const { experimentId } = await store.getExperimentByName("lab")
    const late = await store.createRun({ experimentId, runName: "late" })
    await store.close()
    const target = await openTracking({ home: there })
    const experiment = await target.getExperimentByName("lab")
    const [trial] = (
      await target.searchRuns({ experimentIds: [experiment.experimentId], filter: "run_name = 'search'" })
    ).items
    await target.logBatch(trial.runId, { metrics: [{ key: "loss", value: 1, step: 9_999, timestamp: 1 }] })
    await target.close()
    const tally = await sync()
    expect(tally.pushed.runs).toBe(1)
    expect(tally.differences).toEqual([expect.stringMatching(/metric "loss" has more points there/)])
    expect(late.status).toBe("RUNNING")
  })
  test("into an experiment that is deleted there is a difference, not a resurrection", async () => {
    await fill()
    const target = await openTracking({ home: there })
    const { experimentId } = await target.createExperiment({ name: "lab" })
    await target.deleteExperiment(experimentId)
    await target.close()
    expect((await sync()).differences).toEqual([expect.stringMatching(/experiment "lab" is deleted there/)])
  })
  test("without a server, or with another word, is a usage error", async () => {
    for (const [args, message] of [
      [["sync", "mlflow"], /Which MLflow server/],
      [["sync", "wandb", "--to", "http://h"], /"wandb" is nothing to sync with/],
      [["sync", "mlflow", "--to", "nonsense"], /MLFLOW_TRACKING_URI: expected an http/],
    ] as const) {
      const { code, stderr } = await roadmap(here, args)
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
    }
  })
})
