import { beforeAll, describe, expect, it } from "vitest"
import type { Batch } from "../../src/port.ts"
import { type ContractContext, refused } from "./context.ts"

/** The rules of the port: searches. */
export const searchRules = (use: ContractContext): void => {
  describe("a search", () => {
    let experimentId: string
    beforeAll(async () => {
      experimentId = await use.newExperiment("search")
      const log = async (runName: string, startTime: number, batch: Batch, status: "FINISHED" | "FAILED") => {
        const { runId } = await use.newRun(experimentId, runName, startTime)
        await use.store.logBatch(runId, batch)
        await use.store.endRun(runId, status, startTime + 10)
      }
      const rmse = (value: number) => [
        { key: "rmse", value },
        { key: "delay/rmse/test", value },
      ]
      await log(
        "ridge",
        3,
        { metrics: rmse(31), params: { model: "ridge", alpha: "0.1" }, tags: { lab: "feb" } },
        "FINISHED",
      )
      await log(
        "boosting",
        2,
        { metrics: rmse(29), params: { model: "boosting" }, tags: { lab: "feb" } },
        "FINISHED",
      )
      await log(
        "broken",
        1,
        { metrics: rmse(Number.NaN), params: { model: "Ridge" }, tags: { lab: "mar" } },
        "FAILED",
      )
      await log("silent", 4, { tags: { lab: "it's mar" } }, "FINISHED")
    })
    const cases: [string, string[]][] = [
      ["", ["silent", "ridge", "boosting", "broken"]],
      ["metrics.rmse < 30", ["boosting"]],
      [
        "metrics.rmse <= 31 and params.model = 'ridge' and tags.lab = 'feb' and attributes.status = 'FINISHED'",
        ["ridge"],
      ],
      ["metrics.`delay/rmse/test` > 3.0e1", ["ridge"]],
      ['metrics."delay/rmse/test" > 30', ["ridge"]],
      ["metrics.rmse < 1", []],
      ["metrics.rmse != 29", ["ridge", "broken"]],
      ["params.model LIKE '%idge'", ["ridge", "broken"]],
      ["params.model LIKE 'ridge'", ["ridge"]],
      ["params.model ILIKE 'RIDGE'", ["ridge", "broken"]],
      ["params.model LIKE 'b__sting'", ["boosting"]],
      ["params.model != 'ridge'", ["boosting", "broken"]],
      ["params.alpha IS NULL and params.model IS NOT NULL", ["boosting", "broken"]],
      ["status != 'FINISHED'", ["broken"]],
      ["attributes.start_time >= 2 and attributes.end_time < 14", ["ridge", "boosting"]],
      ["run_name = 'silent'", ["silent"]],
      ["tags.`mlflow.runName` = 'ridge'", ["ridge"]],
      [`tags.lab = "it's mar"`, ["silent"]],
      ["tags.lab = 'feb' AND tags.lab = 'mar'", []],
    ]
    it.each(cases)("for %s finds the runs it describes", async (filter, names) => {
      expect(await use.found(experimentId, filter)).toEqual(names)
    })
    it("by a list of run ids finds those runs", async () => {
      const { items } = await use.store.searchRuns({
        experimentIds: [experimentId],
        filter: "metrics.rmse > 0",
      })
      const list = items.map(run => `'${run.runId}'`).join(", ")
      expect(await use.found(experimentId, `attributes.run_id IN (${list})`)).toEqual(["ridge", "boosting"])
      expect(await use.found(experimentId, `attributes.run_id NOT IN (${list})`)).toEqual([
        "silent",
        "broken",
      ])
    })
    it("orders by metric, parameter or attribute, with NaN and then missing values last", async () => {
      expect(await use.found(experimentId, "", ["metrics.rmse ASC"])).toEqual([
        "boosting",
        "ridge",
        "broken",
        "silent",
      ])
      expect(await use.found(experimentId, "", ["metrics.rmse DESC"])).toEqual([
        "ridge",
        "boosting",
        "broken",
        "silent",
      ])
      expect(await use.found(experimentId, "", ["params.model DESC"])).toEqual([
        "ridge",
        "boosting",
        "broken",
        "silent",
      ])
      expect(await use.found(experimentId, "", ["attributes.start_time"])).toEqual([
        "broken",
        "boosting",
        "ridge",
        "silent",
      ])
      expect(await use.found(experimentId, "", ["tags.lab", "attributes.start_time ASC"])).toEqual([
        "boosting",
        "ridge",
        "silent",
        "broken",
      ])
    })
    it("takes page after page without gaps or repetitions, and the last has no token", async () => {
      const pages: string[][] = []
      let pageToken: string | undefined
      do {
        const page = await use.store.searchRuns({ experimentIds: [experimentId], maxResults: 3, pageToken })
        pages.push(page.items.map(run => run.runName))
        pageToken = page.nextPageToken
      } while (pageToken)
      expect(pages).toEqual([["silent", "ridge", "boosting"], ["broken"]])
    })
    it("looks into all the experiments it is given and no other", async () => {
      const other = await use.newExperiment()
      await use.newRun(other, "elsewhere", 9)
      const { items } = await use.store.searchRuns({
        experimentIds: [other, experimentId],
        filter: "status != 'FAILED'",
      })
      expect(items.map(run => run.runName)).toEqual(["elsewhere", "silent", "ridge", "boosting"])
      expect((await use.store.searchRuns({ experimentIds: [] })).items).toEqual([])
    })
    const nonsense = [
      "metrics.rmse = 'text'",
      "params.model = 3",
      "params.model > 'a'",
      "metrics.rmse LIKE '3%'",
      "rmse < 30",
      "colour.rmse < 30",
      "metrics.rmse < 30 OR metrics.rmse > 40",
      "metrics.rmse <",
      "metrics.rmse < 30 and",
      "metrics.delay/rmse/test < 30",
      "attributes.status = FINISHED",
      "attributes.status = 'FINISHED",
      "metrics.rmse IS NULL",
      "metrics.rmse < 30; drop table runs",
      "tags.lab = 'feb' tags.lab = 'mar'",
    ]
    it.each(nonsense)("for %s is INVALID_INPUT", async filter => {
      await refused("INVALID_INPUT", use.store.searchRuns({ experimentIds: [experimentId], filter }))
    })
    it("with a nonsensical order, page size or page token is INVALID_INPUT", async () => {
      const search = (options: object) => use.store.searchRuns({ experimentIds: [experimentId], ...options })
      await refused("INVALID_INPUT", search({ orderBy: ["metrics.rmse SIDEWAYS"] }))
      await refused("INVALID_INPUT", search({ orderBy: ["colour"] }))
      await refused("INVALID_INPUT", search({ maxResults: 0 }))
      await refused("INVALID_INPUT", search({ maxResults: 50_001 }))
      await refused("INVALID_INPUT", search({ pageToken: "not a token" }))
    })
  })
}
