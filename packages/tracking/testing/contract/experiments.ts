import { randomUUID } from "node:crypto"
import { describe, expect, it } from "vitest"
import { allPages } from "../../src/page.ts"
import { type ContractContext, refused } from "./context.ts"

/** The rules of the port: experiments. */
export const experimentRules = (use: ContractContext): void => {
  describe("experiments", () => {
    it("are found by id and by name, with their tags", async () => {
      const name = `flights ${randomUUID()}`
      const made = await use.store.createExperiment({ name, tags: { lab: "feb" } })
      await use.store.setExperimentTag(made.experimentId, "owner", "ada")
      const byId = await use.store.getExperiment(made.experimentId)
      expect(byId).toMatchObject({ name, lifecycleStage: "active", tags: { lab: "feb", owner: "ada" } })
      expect(await use.store.getExperimentByName(name)).toEqual(byId)
    })
    it("have a name of their own, which a deleted one keeps", async () => {
      const name = `taken ${randomUUID()}`
      const { experimentId } = await use.store.createExperiment({ name })
      await refused("ALREADY_EXISTS", use.store.createExperiment({ name }))
      await use.store.deleteExperiment(experimentId)
      await refused("ALREADY_EXISTS", use.store.createExperiment({ name }))
    })
    it("are refused without a name, with one of 501 characters, with a tag value over 20,000", async () => {
      await refused("INVALID_INPUT", use.store.createExperiment({ name: "" }))
      await refused("LIMIT_EXCEEDED", use.store.createExperiment({ name: "n".repeat(501) }))
      const id = await use.newExperiment()
      await refused("LIMIT_EXCEEDED", use.store.setExperimentTag(id, "note", "x".repeat(20_001)))
    })
    it("keep names and tags of 500 characters whole", async () => {
      const name = `${randomUUID()} ${"é".repeat(463)}`
      const tags = { note: "✈".repeat(500), empty: "" }
      const { experimentId } = await use.store.createExperiment({ name, tags })
      expect(await use.store.getExperiment(experimentId)).toMatchObject({ name, tags })
      const { runId } = await use.store.createRun({ experimentId, runName: name, tags })
      expect((await use.store.getRun(runId)).tags).toMatchObject(tags)
    })
    it("with a tag key of 251 characters, or of none, are refused", async () => {
      const id = await use.newExperiment()
      await refused("LIMIT_EXCEEDED", use.store.setExperimentTag(id, "k".repeat(251), "v"))
      await refused("INVALID_INPUT", use.store.setExperimentTag(id, "", "v"))
      await refused("INVALID_INPUT", use.store.createExperiment({ name: "x", tags: { "a#b": "v" } }))
    })
    it("unknown by id or name are NOT_FOUND", async () => {
      await refused("NOT_FOUND", use.store.getExperiment("999999999999"))
      await refused("NOT_FOUND", use.store.getExperimentByName(`nobody's ${randomUUID()}`))
      for (const id of ["999999999999", "", "one", "1 or 1"])
        await refused("NOT_FOUND", use.store.createRun({ experimentId: id, runName: "x" }))
    })
    it("are searched by name and tag, page by page, without gaps or repetitions", async () => {
      const mark = randomUUID()
      for (let i = 0; i < 5; i++)
        await use.store.createExperiment({
          name: `${mark} ${i}`,
          tags: { mark, parity: i % 2 ? "odd" : "even" },
        })
      const filter = `tags.mark = '${mark}' and name LIKE '${mark}%'`
      const all = await allPages(pageToken =>
        use.store.searchExperiments({ filter, maxResults: 2, pageToken }),
      )
      expect(all.map(experiment => experiment.name).sort()).toEqual([0, 1, 2, 3, 4].map(i => `${mark} ${i}`))
      const odd = await use.store.searchExperiments({
        filter: `${filter} and tags.parity != 'even'`,
        orderBy: ["name DESC"],
      })
      expect(odd.items.map(experiment => experiment.name)).toEqual([`${mark} 3`, `${mark} 1`])
      expect(odd.nextPageToken).toBeUndefined()
    })
    it("take their runs with them when deleted, and bring them back", async () => {
      const experimentId = await use.newExperiment()
      const run = await use.newRun(experimentId)
      await use.store.deleteExperiment(experimentId)
      expect((await use.store.getExperiment(experimentId)).lifecycleStage).toBe("deleted")
      expect(await use.found(experimentId, "")).toEqual([])
      await refused("INVALID_INPUT", use.store.createRun({ experimentId, runName: "late" }))
      await refused("INVALID_INPUT", use.store.deleteExperiment(experimentId))
      await refused("INVALID_INPUT", use.store.restoreRun(run.runId))
      await refused("INVALID_INPUT", use.store.setExperimentTag(experimentId, "late", "yes"))
      await use.store.restoreExperiment(experimentId)
      await refused("INVALID_INPUT", use.store.restoreExperiment(experimentId))
      expect((await use.store.getRun(run.runId)).lifecycleStage).toBe("active")
      expect(await use.found(experimentId, "")).toEqual(["a run"])
    })
  })
}
