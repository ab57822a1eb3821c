import { randomUUID } from "node:crypto"
import type { Field } from "@roadmap/warehouse/port"
import { describe, expect, it } from "vitest"
import type { EntityKey, FeatureValue, OnlineView } from "../src/online/port.ts"
import { rowsFrom } from "./online-rows.ts"
import { airportView, at, type OnlineContext, refused } from "./online-samples.ts"

const everyType: readonly Field[] = [
  { name: "flag", type: "boolean" },
  { name: "small", type: "int32" },
  { name: "big", type: "int64" },
  { name: "single", type: "float32" },
  { name: "double", type: "float64" },
  { name: "price", type: "decimal", precision: 12, scale: 2 },
  { name: "day", type: "date" },
  { name: "moment", type: "timestamp" },
  { name: "text", type: "string" },
  { name: "another text", type: "string" },
]

const edges: Record<string, FeatureValue>[] = [
  {
    flag: true,
    small: -(2 ** 31),
    big: -(2n ** 63n),
    single: Math.fround(0.1),
    double: 0.1 + 0.2,
    price: "-12.50",
    day: -11_000,
    moment: at(5) + 1n,
    text: "naïve 机场 🛫",
    "another text": "",
  },
  {
    flag: false,
    small: 2 ** 31 - 1,
    big: 2n ** 63n - 1n,
    single: Number.NaN,
    double: Number.NaN,
    price: "9999999999.99",
    day: 2 ** 31 - 1,
    moment: -(2n ** 63n),
    text: "",
    "another text": "a\u0000b\n\"'\\",
  },
  {
    flag: false,
    small: 0,
    big: 2n ** 53n + 1n,
    single: Number.NEGATIVE_INFINITY,
    double: -0,
    price: "0.00",
    day: 0,
    moment: 0n,
    text: "x".repeat(10_000),
    "another text": "after a long one",
  },
  {
    flag: null,
    small: null,
    big: null,
    single: null,
    double: null,
    price: null,
    day: null,
    moment: null,
    text: null,
    "another text": null,
  },
  {
    flag: true,
    small: null,
    big: 1n,
    single: null,
    double: Number.POSITIVE_INFINITY,
    price: null,
    day: 1,
    moment: null,
    text: null,
    "another text": "last",
  },
]

export const describeReading = ({ store, another }: OnlineContext): void => {
  const withRows = async (change: Partial<OnlineView> = {}) => {
    const view = airportView(change)
    await store().define(view)
    const rows = [
      { values: { airport: "ORD", mean_delay: 12.5, weather: "snow" }, eventTime: at(10) },
      { values: { airport: "JFK", mean_delay: Number.NaN, weather: null }, eventTime: at(11) },
    ]
    await store().write(view.name, rowsFrom(view, rows))
    return view
  }

  describe("reading", () => {
    it("gives one row a key in the order asked, repeated, missing and null keys included", async () => {
      const view = await withRows()
      const rows = await another().read(view.name, [["JFK"], ["XXX"], ["ORD"], [null], ["JFK"]])
      const jfk = { status: "present", eventTime: at(11), values: { mean_delay: Number.NaN, weather: null } }
      const missing = { status: "missing", values: { mean_delay: null, weather: null } }
      const ord = { status: "present", eventTime: at(10), values: { mean_delay: 12.5, weather: "snow" } }
      expect(rows).toEqual([jfk, missing, ord, missing, jfk])
    })
    it("of no key gives no row", async () => {
      const view = await withRows()
      expect(await store().read(view.name, [])).toEqual([])
      expect(await store().readViews([])).toEqual([])
    })
    it("gives the features asked for, in their order", async () => {
      const view = await withRows()
      const [row] = await store().read(view.name, [["ORD"]], { features: ["weather", "mean_delay"] })
      expect(Object.entries(row.values)).toEqual([
        ["weather", "snow"],
        ["mean_delay", 12.5],
      ])
      const [one] = await store().read(view.name, [["XXX"]], { features: ["weather"] })
      expect(one.values).toEqual({ weather: null })
      await expect(store().read(view.name, [["ORD"]], { features: ["wether"] })).rejects.toMatchObject({
        code: "NOT_FOUND",
        hint: 'Did you mean "weather"?',
      })
    })
    it("keeps every value of every type", async () => {
      const view: OnlineView = {
        name: `types-${randomUUID()}`,
        version: "1",
        keys: [{ name: "id", type: "int32" }],
        features: everyType,
      }
      await store().define(view)
      const rows = edges.map((values, id) => ({ values: { id, ...values }, eventTime: at(id) }))
      await store().write(view.name, rowsFrom(view, rows))
      const found = await another().read(
        view.name,
        edges.map((_, id) => [id]),
      )
      // toEqual tells -0 from 0 and finds NaN equal to NaN.
      expect(found.map(row => row.values)).toEqual(edges)
      expect(found.map(row => row.eventTime)).toEqual(edges.map((_, id) => at(id)))
    })
    it("finds event times before 1970 and far beyond what a double holds", async () => {
      const view = airportView()
      await store().define(view)
      const times = [-1n, -(2n ** 63n), 2n ** 63n - 1n]
      const rows = times.map((eventTime, i) => ({
        values: { airport: `A${i}` },
        eventTime,
        createdTime: eventTime,
      }))
      await store().write(view.name, rowsFrom(view, rows))
      const found = await store().read(
        view.name,
        rows.map(row => [row.values.airport]),
        { asOf: 2n ** 63n - 1n },
      )
      expect(found.map(row => row.eventTime)).toEqual(times)
    })

    describe("by age", () => {
      it("a row is present up to its TTL, expired after it, and missing before its event time", async () => {
        const view = await withRows({ ttlMicros: 3_600_000_000 })
        const statusAt = async (asOf: bigint) => (await store().read(view.name, [["ORD"]], { asOf }))[0]
        expect((await statusAt(at(10))).status).toBe("present")
        expect((await statusAt(at(11))).status).toBe("present")
        expect(await statusAt(at(11) + 1n)).toEqual({
          status: "expired",
          eventTime: at(10),
          values: { mean_delay: null, weather: null },
        })
        expect(await statusAt(at(10) - 1n)).toEqual({
          status: "missing",
          values: { mean_delay: null, weather: null },
        })
      })
      it("without a TTL a row stays; without a moment the clock decides", async () => {
        const [kept, aged] = [await withRows(), await withRows({ ttlMicros: 3_600_000_000 })]
        expect((await store().read(kept.name, [["ORD"]], { asOf: at(10_000_000) }))[0].status).toBe("present")
        expect((await store().read(kept.name, [["ORD"]]))[0].status).toBe("present")
        expect((await store().read(aged.name, [["ORD"]]))[0].status).toBe("expired")
      })
    })

    describe("by schedule", () => {
      it("gives the values whose moment has come last, until the schedule ends", async () => {
        const view = airportView()
        await store().define(view)
        const entries = [1, 2, 4].map(hour => ({
          values: { airport: "ORD", mean_delay: hour, weather: `w${hour}`.repeat(hour) },
          eventTime: at(1),
        }))
        const other = { values: { airport: "JFK", mean_delay: 7, weather: null }, eventTime: at(1) }
        const until = at(6)
        await store().write(view.name, {
          ...rowsFrom(view, [...entries, other]),
          validFrom: BigInt64Array.of(at(1), at(2), at(4), at(1)),
          validUntil: BigInt64Array.of(until, until, until, at(2)),
        })
        const seen = async (asOf: bigint) => {
          const [row] = await store().read(view.name, [["ORD"]], { asOf })
          return [row.status, ...Object.values(row.values)]
        }
        expect(await seen(at(1) - 1n)).toEqual(["missing", null, null])
        expect(await seen(at(1))).toEqual(["present", 1, "w1"])
        expect(await seen(at(2) - 1n)).toEqual(["present", 1, "w1"])
        expect(await seen(at(2))).toEqual(["present", 2, "w2w2"])
        expect(await seen(at(5))).toEqual(["present", 4, "w4w4w4w4"])
        expect(await seen(until)).toEqual(["present", 4, "w4w4w4w4"])
        expect(await seen(until + 1n)).toEqual(["expired", null, null])
        expect((await store().read(view.name, [["JFK"]], { asOf: at(2) }))[0].values.mean_delay).toBe(7)
        expect((await store().read(view.name, [["JFK"]], { asOf: at(3) }))[0].status).toBe("expired")
      })
      it("is replaced as a whole by a newer row", async () => {
        const view = airportView()
        await store().define(view)
        const row = (mean_delay: number, eventTime: bigint) => ({
          values: { airport: "ORD", mean_delay, weather: null },
          eventTime,
        })
        const validFrom = BigInt64Array.of(at(1), at(5))
        await store().write(view.name, { ...rowsFrom(view, [row(1, at(1)), row(5, at(1))]), validFrom })
        await store().write(view.name, rowsFrom(view, [row(2, at(2))]))
        expect((await store().read(view.name, [["ORD"]], { asOf: at(6) }))[0].values.mean_delay).toBe(2)
      })
    })

    it("gives a key without a row the view's values for it, and one with a null part nulls", async () => {
      const view = await withRows({ whenMissing: { mean_delay: 0 } })
      const rows = await store().read(view.name, [["XXX"], [null]])
      expect(rows).toEqual([
        { status: "missing", values: { mean_delay: 0, weather: null } },
        { status: "missing", values: { mean_delay: null, weather: null } },
      ])
    })

    describe("by key", () => {
      const byRoute = async (keys: readonly Field[], written: EntityKey[]) => {
        const view = airportView({ keys })
        await store().define(view)
        const rows = written.map((key, i) => ({
          values: { ...Object.fromEntries(keys.map(({ name }, part) => [name, key[part]])), mean_delay: i },
          eventTime: at(1),
        }))
        await store().write(view.name, rowsFrom(view, rows))
        return async (...asked: EntityKey[]) =>
          (await store().read(view.name, asked)).map(row => row.values.mean_delay)
      }
      it("of several parts, none is taken for another", async () => {
        const read = await byRoute(
          [
            { name: "origin", type: "string" },
            { name: "destination", type: "string" },
          ],
          [
            ["a", "b,c"],
            ["a,b", "c"],
            ['a"', "b"],
            ["", "ab"],
          ],
        )
        expect(
          await read(['a"', "b"], ["a,b", "c"], ["a", "b,c"], ["", "ab"], ["ab", ""], ["a", null]),
        ).toEqual([2, 1, 0, 3, null, null])
      })
      it("of every type that has equality", async () => {
        const moment = at(3) + 1n
        const read = await byRoute(
          [
            { name: "big", type: "int64" },
            { name: "day", type: "date" },
            { name: "night", type: "boolean" },
            { name: "price", type: "decimal", precision: 6, scale: 2 },
            { name: "moment", type: "timestamp" },
          ],
          [
            [2n ** 53n + 1n, 11_000, true, "1.50", moment],
            [7n, 11_000, false, "0.00", moment],
          ],
        )
        expect(
          await read(
            [2n ** 53n + 1n, 11_000, true, "1.5", moment],
            [2n ** 53n, 11_000, true, "1.5", moment],
            [7, 11_000, false, "-0", moment],
          ),
        ).toEqual([0, null, 1])
      })
      it("of another type is refused, with the types named", async () => {
        const view = await withRows()
        await refused("INVALID_INPUT", store().read(view.name, [[17]]), /"airport".*is string; number "17"/)
        const read = await byRoute([{ name: "id", type: "int64" }], [[1n]])
        for (const wrong of ["1", 1.5, 2 ** 53, 2n ** 63n, true])
          await refused("INVALID_INPUT", read([wrong]))
      })
      it("of another number of parts is refused", async () => {
        const view = await withRows()
        await refused("INVALID_INPUT", store().read(view.name, [["ORD", "JFK"]]))
        await refused("INVALID_INPUT", store().read(view.name, [[]]))
      })
    })

    describe("several views at once", () => {
      it("gives a list a request, in their order, at one moment", async () => {
        const [first, second] = [await withRows(), await withRows({ ttlMicros: 1 })]
        const found = await store().readViews(
          [
            { view: second.name, keys: [["ORD"]], features: ["mean_delay"] },
            { view: first.name, keys: [["JFK"], ["ORD"]], features: ["weather"] },
            { view: first.name, keys: [] },
            { view: second.name, keys: [["JFK"]], features: ["mean_delay"] },
          ],
          { asOf: at(11) },
        )
        expect(
          found.map(rows => rows.map(({ status, values }) => [status, ...Object.values(values)])),
        ).toEqual([
          [["expired", null]],
          [
            ["present", null],
            ["present", "snow"],
          ],
          [],
          [["present", Number.NaN]],
        ])
      })
      it("refuses a view of another version than the reader's", async () => {
        const view = await withRows()
        expect((await store().read(view.name, [["ORD"]], { version: "v1" }))[0].status).toBe("present")
        await refused("SCHEMA_MISMATCH", store().read(view.name, [["ORD"]], { version: "v0" }), /v1.*v0/)
      })
      it("is refused after an abort", async () => {
        const view = await withRows()
        await refused("INTERRUPTED", store().read(view.name, [["ORD"]], { signal: AbortSignal.abort() }))
      })
    })
  })
}
