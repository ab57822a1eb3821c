import { describe, expect, it } from "vitest"
import type { RunStatus } from "../../src/port.ts"
import { type ContractContext, refused } from "./context.ts"

/** The rules of the port: runs. */
export const runRules = (use: ContractContext): void => {
  describe("runs", () => {
    it("start RUNNING and end with a status and a time", async () => {
      const experimentId = await use.newExperiment()
      const run = await use.store.createRun({
        experimentId,
        runName: "ridge",
        tags: { lab: "feb" },
        startTime: 1_000,
      })
      expect(run).toMatchObject({
        runName: "ridge",
        status: "RUNNING",
        startTime: 1_000,
        lifecycleStage: "active",
      })
      expect(run.tags).toMatchObject({ lab: "feb", "mlflow.runName": "ridge" })
      expect(run.endTime).toBeUndefined()
      await use.store.endRun(run.runId, "FINISHED", 2_000)
      expect(await use.store.getRun(run.runId)).toMatchObject({
        status: "FINISHED",
        startTime: 1_000,
        endTime: 2_000,
      })
    })
    it("change their name and status, and nothing else by it", async () => {
      const run = await use.newRun()
      await use.store.updateRun(run.runId, { runName: "renamed" })
      await use.store.updateRun(run.runId, { status: "SCHEDULED" })
      const read = await use.store.getRun(run.runId)
      expect(read).toMatchObject({ runName: "renamed", status: "SCHEDULED", startTime: run.startTime })
      expect(read.tags["mlflow.runName"]).toBe("renamed")
    })
    it("refuse a status that does not exist", async () => {
      const run = await use.newRun()
      await refused("INVALID_INPUT", use.store.updateRun(run.runId, { status: "WRONG" as RunStatus }))
      expect((await use.store.getRun(run.runId)).status).toBe("RUNNING")
    })
    it("nest by the parent's id, which must exist", async () => {
      const parent = await use.newRun()
      const { experimentId, runId } = parent
      const child = await use.store.createRun({ experimentId, runName: "trial", parentRunId: runId })
      expect(child.tags["mlflow.parentRunId"]).toBe(runId)
      expect(await use.found(experimentId, `tags.\`mlflow.parentRunId\` = '${runId}'`)).toEqual(["trial"])
      await refused(
        "NOT_FOUND",
        use.store.createRun({ experimentId, runName: "orphan", parentRunId: "f".repeat(32) }),
      )
    })
    it("once deleted can be read and restored, but not changed", async () => {
      const run = await use.newRun()
      await use.store.deleteRun(run.runId)
      expect((await use.store.getRun(run.runId)).lifecycleStage).toBe("deleted")
      await refused("INVALID_INPUT", use.store.logBatch(run.runId, { tags: { late: "yes" } }))
      await refused("INVALID_INPUT", use.store.endRun(run.runId, "FINISHED"))
      const deleted = await use.store.searchRuns({
        experimentIds: [run.experimentId],
        viewType: "DELETED_ONLY",
      })
      expect(deleted.items.map(item => item.runId)).toEqual([run.runId])
      await use.store.restoreRun(run.runId)
      await use.store.logBatch(run.runId, { tags: { late: "yes" } })
    })
    it("keep the name they are given, and refuse none or an impossible time", async () => {
      const experimentId = await use.newExperiment()
      await refused("INVALID_INPUT", use.store.createRun({ experimentId, runName: " " }))
      await refused("INVALID_INPUT", use.store.createRun({ experimentId, runName: "x", startTime: -1 }))
      await refused("INVALID_INPUT", use.store.createRun({ experimentId, runName: "x", startTime: 0.5 }))
      await refused("INVALID_INPUT", use.store.createRun({ experimentId, runName: "x", tags: { "": "v" } }))
      const { runId } = await use.store.createRun({ experimentId, runName: "flug — ✈" })
      expect((await use.store.getRun(runId)).runName).toBe("flug — ✈")
      expect(await use.found(experimentId, "")).toEqual(["flug — ✈"])
    })
    it("unknown are NOT_FOUND whatever is asked of them", async () => {
      const unknown = "0".repeat(32)
      for (const id of [unknown, "", "../x", "a b"]) await refused("NOT_FOUND", use.store.getRun(id))
      await refused("NOT_FOUND", use.store.endRun(unknown, "FINISHED"))
      await refused("NOT_FOUND", use.store.deleteRun(unknown))
      await refused("NOT_FOUND", use.store.logBatch(unknown, { tags: { a: "b" } }))
      await refused("NOT_FOUND", use.store.logArtifact(unknown, "a.txt", { text: "a" }))
    })
  })
}
