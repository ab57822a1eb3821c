import { describe, expect, test } from "vitest"
import type { Filter, Filterable } from "../../src/filter.ts"
import { allIds, type ContractContext, idsOf, record, refused, vector } from "./context.ts"

const badVectors: [string, number[]][] = [
  ["too few dimensions", [1, 2, 3]],
  ["too many dimensions", [1, 2, 3, 4, 5]],
  ["no dimensions", []],
  ["a NaN", [1, Number.NaN, 0, 0]],
  ["an infinity", [1, Infinity, 0, 0]],
  ["length 0", [0, 0, 0, 0]],
]
const badIds: [string, string][] = [
  ["empty", ""],
  ["of 1,025 characters", "x".repeat(1_025)],
  ["with a NUL", "a\0b"],
  ["with half of a surrogate pair", "a\ud800"],
]
const badMetadata: [string, unknown][] = [
  ["NaN", { value: Number.NaN }],
  ["an infinity", { value: -Infinity }],
  ["a NUL in a text", { value: "a\0" }],
  ["a NUL in a name", { "a\0": "value" }],
  ["half of a surrogate pair in a list", { value: ["ok", "\udc00"] }],
  ["null", { value: null }],
  ["an object", { value: { nested: 1 } }],
  ["a list of numbers", { value: [1, 2] }],
]
const badFilters: [string, unknown][] = [
  ["an unknown form", { source: { like: "x" } }],
  ["two forms at once", { source: { in: ["x"], not: "y" } }],
  ["null", { source: null }],
  ["a list without `in`", { source: ["x"] }],
  ["a range of texts", { source: { gte: "a" } }],
  ["a range with NaN", { source: { lte: Number.NaN } }],
  ["an infinite number", { source: Infinity }],
  ["a NUL", { source: "\0" }],
]

/** What is refused, and what only looks dangerous. */
export const badInputRules = (context: ContractContext): void => {
  describe("bad input", () => {
    const good = record("good", [1, 0, 0, 0])

    test.each(badVectors)("a vector with %s is refused, and with it the whole call", async (_, values) => {
      await using store = await context.fresh()
      await refused("INVALID_INPUT", store.upsert([good, record("bad", values)]))
      await refused("INVALID_INPUT", store.search(vector(...values), { k: 1 }))
      expect(await store.count()).toBe(0)
    })
    test.each(badIds)("an id %s is refused, and with it the whole call", async (_, id) => {
      await using store = await context.fresh()
      await refused("INVALID_INPUT", store.upsert([good, record(id, [1, 0, 0, 0])]))
      expect(await store.count()).toBe(0)
    })
    test.each(badMetadata)(
      "metadata with %s are refused, and with them the whole call",
      async (_, metadata) => {
        await using store = await context.fresh()
        await refused(
          "INVALID_INPUT",
          store.upsert([good, record("bad", [1, 0, 0, 0], metadata as Filterable)]),
        )
        expect(await store.count()).toBe(0)
      },
    )
    test.each(badFilters)("a filter with %s is refused", async (_, filter) => {
      await using store = await context.fresh()
      await store.upsert([good])
      await refused("INVALID_INPUT", store.search(vector(1, 0, 0, 0), { k: 1, filter: filter as Filter }))
      await refused("INVALID_INPUT", store.count(filter as Filter))
    })
    test.each([0, -1, 1.5, Number.NaN, Infinity, 10_001])("k = %d is refused", async k => {
      await using store = await context.fresh()
      await refused("INVALID_INPUT", store.search(vector(1, 0, 0, 0), { k }))
    })
    test("ids of any text are kept as they are", async () => {
      await using store = await context.fresh()
      const ids = [
        "'; drop table vectors; --",
        '"quoted" \\ $1 %s ?',
        "naïve ☃ 🛫",
        "a/b/../c#d?e=f&g",
        " space ",
        "line\nbreak",
        "__proto__",
        "x".repeat(1_024),
        "00000000-0000-0000-0000-000000000000",
        "42",
      ]
      await store.upsert(ids.map((id, i) => record(id, [1, i / 10, 0, 0])))
      expect(await allIds(store)).toEqual([...ids].sort())
      expect(idsOf(await store.search(vector(1, 0, 0, 0), { k: 20 }))).toEqual(ids)
      await store.delete(ids.slice(0, 9))
      expect(await allIds(store)).toEqual(["42"])
    })
    test("a collection of other dimensions is refused", async () => {
      const name = context.newName()
      {
        await using store = await context.open(name, 4)
        await store.upsert([good])
      }
      await refused("IMMUTABLE", context.open(name, 5))
      await using again = await context.open(name, 4)
      expect(await again.count()).toBe(1)
    })
  })
}
