import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { createRandom } from "@roadmap/core/random"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { ownerTag } from "../src/abandoned-runs.ts"
import { openTracking } from "../src/open.ts"
import { allPages } from "../src/page.ts"
import { processState, thisProcess } from "../src/process-owner.ts"
import { startChild } from "../testing/child.ts"

const holdRun = new URL("./children/hold-run.ts", import.meta.url)
const logBatches = new URL("./children/log-batches.ts", import.meta.url)

// Processes are started by the dozen: slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tracking-processes-"))
})
afterEach(async () => {
  await rm(home, { recursive: true, force: true })
})

describe("a run whose process was killed", () => {
  it("is found and marked KILLED by the next opener, with what it had logged", async () => {
    const child = startChild(holdRun, [home])
    const runId = await child.line()
    const before = await openTracking({ home })
    expect((await before.getRun(runId)).status).toBe("RUNNING")
    await before.close()

    child.process.kill("SIGKILL")
    await child.ended
    const after = await openTracking({ home })
    const run = await after.getRun(runId)
    expect(run).toMatchObject({ status: "KILLED", metrics: { progress: 0.5 } })
    expect(run.endTime).toBeGreaterThanOrEqual(run.startTime)
    await after.close()
  })
  it("of another machine, or without an owner, is left alone", async () => {
    const store = await openTracking({ home })
    const { experimentId } = await store.createExperiment({ name: "shared" })
    const tags = { [ownerTag]: "another-host~1~x-1" }
    const far = await store.createRun({ experimentId, runName: "far", tags })
    const free = await store.createRun({ experimentId, runName: "free" })
    await (await openTracking({ home })).close()
    expect((await store.getRun(far.runId)).status).toBe("RUNNING")
    expect((await store.getRun(free.runId)).status).toBe("RUNNING")
    await store.close()
  })
})

describe("the text that names a process", () => {
  it("tells this one alive, a reused pid dead, and nonsense unknown", () => {
    const [host, pid] = thisProcess().split("~")
    expect(processState(thisProcess())).toBe("alive")
    expect(processState(`${host}~${pid}~another-start`)).toBe("dead")
    expect(processState(`${host}~4194305~x`)).toBe("dead")
    for (const text of ["", "x", `${host}~0~x`, `${host}~-1~x`, `${host}~abc~x`, `elsewhere~${pid}~x`])
      expect(processState(text)).toBe("unknown")
  })
})

describe("several processes", () => {
  it("log into one run at once, and every point arrives once", async () => {
    const store = await openTracking({ home })
    const { experimentId } = await store.createExperiment({ name: "crowd" })
    const { runId } = await store.createRun({ experimentId, runName: "crowd" })
    const children = ["a", "b", "c"].map(key => startChild(logBatches, [home, runId, key, "20"]))
    for (const child of children) expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" })
    for (const key of ["a", "b", "c"]) {
      const points = await allPages(pageToken => store.getMetricHistory(runId, key, { pageToken }))
      expect(points).toHaveLength(2_000)
    }
    await store.close()
  })
  it("killed at any moment leave whole batches and whole artifacts", async () => {
    const random = createRandom(7)
    const store = await openTracking({ home })
    const { experimentId } = await store.createExperiment({ name: "kills" })
    for (let round = 0; round < 10; round++) {
      const { runId } = await store.createRun({ experimentId, runName: `kill ${round}` })
      const child = startChild(logBatches, [home, runId, "m", "0"])
      await child.line()
      await wait(1 + random.integer(60))
      child.process.kill("SIGKILL")
      await child.ended
      const points = await allPages(pageToken => store.getMetricHistory(runId, "m", { pageToken }))
      expect(points.length).toBeGreaterThanOrEqual(100)
      expect(points.length % 100).toBe(0)
      for (const { path, size } of await store.listArtifacts(runId)) {
        const bytes = await store.readArtifact(runId, path)
        expect(bytes).toHaveLength(size!)
        expect(new Set(bytes).size).toBe(1)
      }
    }
    await (await openTracking({ home })).close()
    expect(await readdir(join(home, "artifacts", "staging"))).toEqual([])
    await store.close()
  })
})
