import { describe, expect, it } from "vitest"
import { rowsFrom } from "./online-rows.ts"
import { airportView, at, type OnlineContext, refused } from "./online-samples.ts"

export const describeProgress = ({ store, another }: OnlineContext): void => {
  const defined = async () => {
    const view = airportView()
    await store().define(view)
    const rows = (mean_delay: number, hour: number) =>
      rowsFrom(view, [{ values: { airport: "ORD", mean_delay, weather: null }, eventTime: at(hour) }])
    const progress = (from = store()) => from.progress(view.name)
    return { view, rows, progress }
  }

  describe("progress", () => {
    it("starts at nothing and moves with a write", async () => {
      const { view, rows, progress } = await defined()
      const from = await progress()
      expect(from).toEqual({ revision: 0 })
      await store().write(view.name, rows(1, 1), { advance: { from, materializedTo: at(1) } })
      expect(await progress(another())).toEqual({ revision: 1, materializedTo: at(1) })
      await store().write(view.name, rows(2, 2), {
        advance: { from: await progress(), pushedTo: at(2), position: 2n ** 60n },
      })
      expect(await progress()).toEqual({
        revision: 2,
        materializedTo: at(1),
        pushedTo: at(2),
        position: 2n ** 60n,
      })
    })
    it("is not moved by a write that does not say so", async () => {
      const { view, rows, progress } = await defined()
      await store().write(view.name, rows(1, 1))
      expect(await progress()).toEqual({ revision: 0 })
    })
    it("of two writers from the same place, one is refused and leaves no row", async () => {
      const { view, rows, progress } = await defined()
      const from = await progress()
      const outcomes = await Promise.allSettled(
        [store(), another()].map((each, side) =>
          each.write(view.name, rows(side, 1 + side), { advance: { from, materializedTo: at(1 + side) } }),
        ),
      )
      const winner = outcomes.findIndex(({ status }) => status === "fulfilled")
      expect(outcomes[1 - winner]).toMatchObject({
        status: "rejected",
        reason: { code: "STATE_LOCKED", retryable: true },
      })
      expect((await progress()).materializedTo).toBe(at(1 + winner))
      expect((await store().read(view.name, [["ORD"]]))[0].values.mean_delay).toBe(winner)
    })
    it("does not move when the rows are refused", async () => {
      const { view, rows, progress } = await defined()
      const bad = { ...rows(1, 1), columns: [] }
      const advance = { from: await progress(), materializedTo: at(1) }
      await refused("SCHEMA_MISMATCH", store().write(view.name, bad, { advance }))
      expect(await progress()).toEqual({ revision: 0 })
    })
    it("keeps pushed facts in their order until they are forgotten", async () => {
      const { view, rows, progress } = await defined()
      const none = rowsFrom(view, [])
      for (const hour of [1, 2, 3])
        await store().write(view.name, hour === 1 ? rows(1, 1) : none, {
          advance: { from: await progress(), pushedTo: at(hour), keep: Uint8Array.of(hour, 0, 255) },
        })
      const kept = [1, 2, 3].map(hour => ({ through: at(hour), facts: Uint8Array.of(hour, 0, 255) }))
      const pushed = async () =>
        (await another().pushed(view.name)).map(each => ({ ...each, facts: Uint8Array.from(each.facts) }))
      expect(await pushed()).toEqual(kept)
      await store().write(view.name, none, {
        advance: { from: await progress(), materializedTo: at(2), forgetThrough: at(2) },
      })
      expect(await pushed()).toEqual(kept.slice(2))
    })
  })
}
