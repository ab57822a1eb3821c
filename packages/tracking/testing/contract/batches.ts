import { describe, expect, it } from "vitest"
import { allPages } from "../../src/page.ts"
import type { Batch } from "../../src/port.ts"
import { type ContractContext, refused, refusedWhole } from "./context.ts"

/** The rules of the port: batches and metrics. */
export const batchRules = (use: ContractContext): void => {
  describe("a batch", () => {
    it("of metrics, parameters and tags is all there afterwards", async () => {
      const { runId } = await use.newRun()
      await use.store.logBatch(runId, {
        metrics: [{ key: "delay/ridge/rmse/test", value: 29.5, timestamp: 5, step: 0 }],
        params: { alpha: "0.1" },
        tags: { model: "ridge" },
      })
      const run = await use.store.getRun(runId)
      expect(run.metrics).toEqual({ "delay/ridge/rmse/test": 29.5 })
      expect(run.params).toEqual({ alpha: "0.1" })
      expect(run.tags.model).toBe("ridge")
    })
    it("may repeat a parameter's value but not change it, and then writes nothing", async () => {
      const { runId } = await use.newRun()
      await use.store.logBatch(runId, { params: { depth: "3" } })
      await use.store.logBatch(runId, { params: { depth: "3" } })
      await refused(
        "IMMUTABLE",
        use.store.logBatch(runId, {
          params: { rate: "0.1", depth: "5" },
          metrics: [{ key: "m", value: 1 }],
          tags: { t: "1" },
        }),
      )
      const run = await use.store.getRun(runId)
      expect(run.params).toEqual({ depth: "3" })
      expect(run.metrics).toEqual({})
      expect(run.tags.t).toBeUndefined()
    })
    it("overwrites tags, and a tag can be deleted", async () => {
      const { runId } = await use.newRun()
      await use.store.logBatch(runId, { tags: { stage: "draft" } })
      await use.store.logBatch(runId, { tags: { stage: "final" } })
      expect((await use.store.getRun(runId)).tags.stage).toBe("final")
      await use.store.deleteTag(runId, "stage")
      expect((await use.store.getRun(runId)).tags.stage).toBeUndefined()
      await refused("NOT_FOUND", use.store.deleteTag(runId, "stage"))
    })
    it("takes 1,000 metrics, 100 parameters and 100 tags, and not one more", async () => {
      const { runId } = await use.newRun()
      const metrics = (count: number) =>
        Array.from({ length: count }, (_, step) => ({ key: "m", value: step, step }))
      const texts = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, "v"]))
      await use.store.logBatch(runId, { metrics: metrics(1_000) })
      await use.store.logBatch(runId, { metrics: metrics(800), params: texts(100), tags: texts(100) })
      await refused("LIMIT_EXCEEDED", use.store.logBatch(runId, { metrics: metrics(1_001) }))
      await refused("LIMIT_EXCEEDED", use.store.logBatch(runId, { params: texts(101) }))
      await refused("LIMIT_EXCEEDED", use.store.logBatch(runId, { tags: texts(101) }))
      await refused(
        "LIMIT_EXCEEDED",
        use.store.logBatch(runId, { metrics: metrics(1_000), tags: { one: "more" } }),
      )
    })
    const tooLong: [string, Batch][] = [
      ["a key of 251 characters", { metrics: [{ key: "k".repeat(251), value: 1 }] }],
      ["a parameter of 6,001 characters", { params: { p: "x".repeat(6_001) } }],
      ["a tag of 8,001 characters", { tags: { t: "x".repeat(8_001) } }],
    ]
    const wrong: [string, Batch][] = [
      ["text as a metric", { metrics: [{ key: "m", value: "abc" as unknown as number }] }],
      ["a missing metric value", { metrics: [{ key: "m", value: undefined as unknown as number }] }],
      ["a truth value as a metric", { metrics: [{ key: "m", value: true as unknown as number }] }],
      ["a broken step", { metrics: [{ key: "m", value: 1, step: 0.5 }] }],
      ["a timestamp before 1970", { metrics: [{ key: "m", value: 1, timestamp: -1 }] }],
      ["a number as a parameter", { params: { p: 1 as unknown as string } }],
      ["an empty key", { tags: { "": "v" } }],
      ["a key that climbs out of a folder", { params: { "../p": "v" } }],
      ["a key with a forbidden character", { metrics: [{ key: "m#1", value: 1 }] }],
    ]
    it.each(tooLong)("with %s is LIMIT_EXCEEDED and writes nothing", async (_, batch) => {
      await refusedWhole(use.store, (await use.newRun()).runId, "LIMIT_EXCEEDED", batch)
    })
    it.each(wrong)("with %s is INVALID_INPUT and writes nothing", async (_, batch) => {
      await refusedWhole(use.store, (await use.newRun()).runId, "INVALID_INPUT", batch)
    })
    it("takes values exactly as long as allowed, counted in code points", async () => {
      const { runId } = await use.newRun()
      const [param, tag] = ["p".repeat(6_000), "✈".repeat(8_000)]
      await use.store.logBatch(runId, { params: { ["k".repeat(250)]: param }, tags: { t: tag } })
      const run = await use.store.getRun(runId)
      expect(run.params["k".repeat(250)]).toBe(param)
      expect(run.tags.t).toBe(tag)
    })
  })

  describe("metrics", () => {
    it("keep every point in order of time and step, page by page", async () => {
      const { runId } = await use.newRun()
      const metrics = Array.from({ length: 25 }, (_, i) => ({
        key: "loss",
        value: 1 / (i + 1),
        timestamp: 100 + i,
        step: i,
      }))
      await use.store.logBatch(runId, { metrics: metrics.toReversed() })
      const history = await allPages(pageToken =>
        use.store.getMetricHistory(runId, "loss", { maxResults: 10, pageToken }),
      )
      expect(history).toEqual(metrics)
      expect(await use.store.getMetricHistory(runId, "never logged")).toEqual({ items: [] })
    })
    it("are as latest the point with the highest step, whatever the order of logging", async () => {
      const { runId } = await use.newRun()
      await use.store.logBatch(runId, { metrics: [{ key: "m", value: 3, timestamp: 1, step: 3 }] })
      await use.store.logBatch(runId, {
        metrics: [
          { key: "m", value: 9, timestamp: 9, step: 2 },
          { key: "m", value: 4, timestamp: 2, step: 3 },
          { key: "m", value: 1, timestamp: 8, step: 1 },
        ],
      })
      expect((await use.store.getRun(runId)).metrics.m).toBe(4)
      await use.store.logBatch(runId, { metrics: [{ key: "m", value: 7, timestamp: 99, step: 1 }] })
      expect((await use.store.getRun(runId)).metrics.m).toBe(4)
    })
    it("sent twice are stored once", async () => {
      const { runId } = await use.newRun()
      const batch = { metrics: [1, 2, 3].map(step => ({ key: "m", value: step, timestamp: step, step })) }
      await use.store.logBatch(runId, batch)
      await use.store.logBatch(runId, batch)
      expect((await use.store.getMetricHistory(runId, "m")).items).toHaveLength(3)
    })
    it("keep NaN, and hold an infinite value as the largest double", async () => {
      const { runId } = await use.newRun()
      const values = { nan: Number.NaN, up: Infinity, down: -Infinity, tiny: 5e-324, third: 1 / 3 }
      await use.store.logBatch(runId, {
        metrics: Object.entries(values).map(([key, value]) => ({ key, value })),
      })
      const { metrics } = await use.store.getRun(runId)
      expect(metrics).toEqual({ ...values, up: Number.MAX_VALUE, down: -Number.MAX_VALUE })
      expect((await use.store.getMetricHistory(runId, "nan")).items[0].value).toBeNaN()
    })
  })
}
