import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rowsFrom, type SampleRow } from "./online-rows.ts"
import { airportView, at, type OnlineContext, refused } from "./online-samples.ts"

export const describeWriting = ({ store, another }: OnlineContext): void => {
  const defined = async () => {
    const view = airportView()
    await store().define(view)
    const write = (...rows: SampleRow[]) => store().write(view.name, rowsFrom(view, rows))
    const delayOf = async (airport: string) =>
      (await store().read(view.name, [[airport]]))[0].values.mean_delay
    return { view, write, delayOf }
  }
  const delay = (
    airport: string,
    mean_delay: number,
    eventTime: bigint,
    createdTime?: bigint,
  ): SampleRow => ({
    values: { airport, mean_delay, weather: null },
    eventTime,
    ...(createdTime !== undefined && { createdTime }),
  })

  describe("writing", () => {
    it("keeps the row of the later event time, whatever the order", async () => {
      const { write, delayOf } = await defined()
      expect(await write(delay("ORD", 1, at(1)))).toEqual({ rows: 1, applied: 1 })
      expect(await write(delay("ORD", 3, at(3)))).toEqual({ rows: 1, applied: 1 })
      expect(await write(delay("ORD", 2, at(2)))).toEqual({ rows: 1, applied: 0 })
      expect(await delayOf("ORD")).toBe(3)
    })
    it("breaks a tie by created time, and of equal times keeps the row written last", async () => {
      const { write, delayOf } = await defined()
      await write(delay("ORD", 1, at(1), at(5)))
      await write(delay("ORD", 2, at(1), at(4)))
      expect(await delayOf("ORD")).toBe(1)
      await write(delay("ORD", 3, at(1), at(5)))
      expect(await delayOf("ORD")).toBe(3)
      await write(delay("ORD", 4, at(1), at(6)))
      expect(await delayOf("ORD")).toBe(4)
    })
    it("takes a key several times in a batch, by the same rule", async () => {
      const { write, delayOf } = await defined()
      const receipt = await write(
        delay("ORD", 1, at(1)),
        delay("ORD", 3, at(3), at(9)),
        delay("JFK", 7, at(0)),
        delay("ORD", 4, at(3), at(8)),
      )
      expect(receipt).toEqual({ rows: 4, applied: 2 })
      expect([await delayOf("ORD"), await delayOf("JFK")]).toEqual([3, 7])
    })
    it("the same batch again changes nothing", async () => {
      const { view, write } = await defined()
      const rows = [delay("ORD", 1, at(1)), delay("JFK", 2, at(2))]
      await write(...rows)
      const before = await store().read(view.name, [["ORD"], ["JFK"]])
      await write(...rows)
      expect(await store().read(view.name, [["ORD"], ["JFK"]])).toEqual(before)
    })
    it("a batch with a bad row writes none of its rows", async () => {
      const { view, write, delayOf } = await defined()
      const nobody = { values: { airport: null, mean_delay: 1, weather: null }, eventTime: at(1) }
      await refused("INVALID_INPUT", write(delay("ORD", 1, at(1)), nobody), /Row 2 .*null key "airport"/)
      await refused("LIMIT_EXCEEDED", write(delay("ORD", 1, at(1)), delay("O".repeat(2_000), 1, at(1))))
      expect(await delayOf("ORD")).toBe(null)
      expect((await store().read(view.name, [["ORD"]]))[0].status).toBe("missing")
    })
    it("without rows writes nothing", async () => {
      const { write } = await defined()
      expect(await write()).toEqual({ rows: 0, applied: 0 })
    })
    it("many rows at once are all found", async () => {
      const { view } = await defined()
      const rows = Array.from({ length: 20_001 }, (_, i) => delay(`K${(i * 7_919) % 20_001}`, i, at(1)))
      expect(await store().write(view.name, rowsFrom(view, rows))).toEqual({ rows: 20_001, applied: 20_001 })
      const found = await store().read(
        view.name,
        rows.map(row => [row.values.airport]),
      )
      expect(found.map(row => row.values.mean_delay)).toEqual(rows.map(row => row.values.mean_delay))
    })
    it.each([
      [
        "a column too few",
        (rows: ReturnType<typeof rowsFrom>) => ({ ...rows, columns: rows.columns.slice(1) }),
      ],
      [
        "a column too many",
        (rows: ReturnType<typeof rowsFrom>) => ({
          ...rows,
          columns: [...rows.columns, { name: "x", type: "int32" as const, values: Int32Array.of(1) }],
        }),
      ],
      [
        "a column of another type",
        (rows: ReturnType<typeof rowsFrom>) => ({
          ...rows,
          columns: rows.columns.map(column =>
            column.name === "mean_delay"
              ? { name: "mean_delay", type: "int32" as const, values: Int32Array.of(1) }
              : column,
          ),
        }),
      ],
    ])("%s is refused", async (_, spoil) => {
      const { view } = await defined()
      await refused(
        "SCHEMA_MISMATCH",
        store().write(view.name, spoil(rowsFrom(view, [delay("ORD", 1, at(1))]))),
      )
    })
    it("columns of unequal length are refused", async () => {
      const { view } = await defined()
      const rows = rowsFrom(view, [delay("ORD", 1, at(1))])
      await refused("INVALID_INPUT", store().write(view.name, { ...rows, eventTime: new BigInt64Array(2) }))
    })
    it("by two processes to the same keys in opposite orders leaves the newest of each", async () => {
      const { view } = await defined()
      const names = Array.from({ length: 200 }, (_, i) => `A${i}`)
      const rounds = Array.from({ length: 20 }, (_, round) => round)
      await Promise.all(
        [store(), another()].map(async (each, side) => {
          for (const round of side === 0 ? rounds : rounds.toReversed()) {
            const rows = names.map(name => delay(name, 2 * round + side, at(2 * round + side)))
            await each.write(view.name, rowsFrom(view, side === 0 ? rows : rows.toReversed()))
          }
        }),
      )
      const found = await store().read(
        view.name,
        names.map(name => [name]),
      )
      expect(new Set(found.map(row => row.values.mean_delay))).toEqual(new Set([39]))
    })
    it("any batches in any order leave what the rule says", async () => {
      const row = fc.record({
        airport: fc.constantFrom("A", "B", "C", "D"),
        event: fc.integer({ min: 0, max: 3 }),
        created: fc.integer({ min: 0, max: 3 }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 6 }), async batches => {
          const { view, write } = await defined()
          let serial = 0
          const expected = new Map<string, SampleRow>()
          for (const batch of batches) {
            const rows = batch.map(({ airport, event, created }) =>
              delay(airport, serial++, at(event), at(created)),
            )
            await write(...rows)
            for (const each of rows) {
              const key = each.values.airport as string
              const held = expected.get(key)
              const older =
                held &&
                (each.eventTime < held.eventTime ||
                  (each.eventTime === held.eventTime && each.createdTime! < held.createdTime!))
              if (!older) expected.set(key, each)
            }
          }
          const keys = ["A", "B", "C", "D"]
          const found = await store().read(
            view.name,
            keys.map(key => [key]),
          )
          expect(found.map(each => each.values.mean_delay)).toEqual(
            keys.map(key => expected.get(key)?.values.mean_delay ?? null),
          )
          expect(found.map(each => each.eventTime)).toEqual(keys.map(key => expected.get(key)?.eventTime))
          await store().drop(view.name)
        }),
        { numRuns: 25 },
      )
    })
  })
}
