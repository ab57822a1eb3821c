import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openTracking } from "../src/open.ts"
import { allPages } from "../src/page.ts"
import type { TrackingStore } from "../src/port.ts"
import { experimentIdOf, withRun } from "../src/run-recorder.ts"

describe("withRun", () => {
  let home: string
  let store: TrackingStore
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "recorder-"))
    store = await openTracking({ home })
  })
  afterEach(async () => {
    await store.close()
    await rm(home, { recursive: true })
  })
  const options = { experiment: "lab", runName: "ridge", tags: { lab: "feb" } }
  const lastRun = async () => {
    const experimentIds = [await experimentIdOf(store, "lab")]
    return (await store.searchRuns({ experimentIds, orderBy: ["start_time DESC"], maxResults: 1 })).items[0]
  }

  it("ends the run FINISHED and gives what the body returned", async () => {
    const { run, result } = await withRun(store, options, async recorder => {
      await recorder.params({ alpha: 0.1, intercept: true, solver: "cholesky" })
      await recorder.metrics({ "delay/ridge/rmse/test": 31.2, "delay/ridge/mae/test": 18 })
      await recorder.artifact("notes.md", { text: "notes" })
      await recorder.inputs([{ name: "flights", digest: "abc", sourceType: "local", source: "flights" }])
      return 42
    })
    expect(result).toBe(42)
    expect(run).toMatchObject({
      status: "FINISHED",
      metrics: { "delay/ridge/rmse/test": 31.2, "delay/ridge/mae/test": 18 },
      params: { alpha: "0.1", intercept: "true", solver: "cholesky" },
      tags: { lab: "feb" },
      inputs: [{ name: "flights" }],
    })
    expect(run.endTime).toBeGreaterThanOrEqual(run.startTime)
  })
  it("writes more metrics and parameters than a batch holds", async () => {
    const { run } = await withRun(store, options, async recorder => {
      for (let step = 0; step < 2_345; step++) await recorder.metric("loss", 1 / (step + 1), step)
      await recorder.metrics(Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`m${i}`, i])))
      await recorder.params(Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`p${i}`, i])))
    })
    const history = await allPages(pageToken => store.getMetricHistory(run.runId, "loss", { pageToken }))
    expect(history.map(point => point.step).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 2_345 }, (_, i) => i),
    )
    expect(Object.keys(run.metrics)).toHaveLength(1_501)
    expect(Object.keys(run.params)).toHaveLength(250)
  })
  it("ends the run FAILED with the error when the body throws, keeping what was logged", async () => {
    const problem = new Error("singular matrix")
    await expect(
      withRun(store, options, async recorder => {
        await recorder.metric("before", 1)
        throw problem
      }),
    ).rejects.toBe(problem)
    const run = await lastRun()
    expect(run).toMatchObject({ status: "FAILED", metrics: { before: 1 } })
    expect(run.tags["roadmap.error"]).toContain("singular matrix")
  })
  it("ends the run KILLED when it is interrupted", async () => {
    const controller = new AbortController()
    const work = withRun(store, { ...options, signal: controller.signal }, async () => {
      controller.abort()
      controller.signal.throwIfAborted()
    })
    await expect(work).rejects.toThrow()
    expect((await lastRun()).status).toBe("KILLED")
    await expect(
      withRun(store, options, async () => {
        throw new RoadmapError("INTERRUPTED", "Interrupted.")
      }),
    ).rejects.toMatchObject({ code: "INTERRUPTED" })
    expect((await lastRun()).status).toBe("KILLED")
  })
  it("refuses a bad metric where it is logged, and the run fails by it", async () => {
    await expect(
      withRun(store, options, recorder => recorder.metric("m", undefined as unknown as number)),
    ).rejects.toMatchObject({ code: "INVALID_INPUT" })
    expect((await lastRun()).status).toBe("FAILED")
  })
  it("says so when the run cannot be ended, under the first error's code", async () => {
    const work = withRun(store, options, async recorder => {
      await store.deleteRun(recorder.runId)
      throw new RoadmapError("DATA_CONTRACT", "Bad rows.")
    })
    await expect(work).rejects.toMatchObject({
      code: "DATA_CONTRACT",
      message: expect.stringMatching(/^Bad rows\. \(And run .* could not be ended properly: .* is deleted/),
    })
  })
  it("nests runs", async () => {
    const { run } = await withRun(store, options, async parent => {
      const child = await withRun(
        store,
        { ...options, runName: "trial", parentRunId: parent.runId },
        async () => 1,
      )
      expect(child.run.tags["mlflow.parentRunId"]).toBe(parent.runId)
    })
    expect(run.status).toBe("FINISHED")
  })
})
