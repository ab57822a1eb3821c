import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { compileFilter, type Filter, type Filterable } from "../../src/filter.ts"
import type { VectorStore } from "../../src/vector-store.ts"
import { type ContractContext, idsOf, record, vector } from "./context.ts"

const hostile = [
  `'; drop table vectors; --`,
  `"quoted" and \\ and $1 and %s`,
  "naïve café — ☃ 🛫 \u{10ffff}",
  "line\nbreak\ttab",
  '{"a":1}',
  "*",
]

const rows: [string, Filterable][] = [
  ["plain", { source: "fastify", version: 5, draft: false, tags: ["http", "server"] }],
  ["other", { source: "undici", version: 8, draft: true, tags: ["http", "client"] }],
  ["numbers", { source: "1", version: 1, ratio: -0.25, big: 1e15, year: 2026 }],
  ["texts", { version: "1", draft: "false", tags: [] }],
  ["bare", {}],
  ["dotted", { "a.b": "x", "a b": "y", "a[0]": "z", "": "empty", constructor: "c", __proto__x: "p" }],
  ...hostile.map((text, i): [string, Filterable] => [
    `hostile ${i}`,
    { hostile: text, [text]: i, list: [text, "else"] },
  ]),
]

const filters: [string, Filter, string[]][] = [
  ["a text", { source: "fastify" }, ["plain"]],
  ["a number, which is not a text", { version: 1 }, ["numbers"]],
  ["a text of digits, which is not a number", { version: "1" }, ["texts"]],
  ["a boolean, which is not a text", { draft: false }, ["plain"]],
  ["a number with a fraction", { ratio: -0.25 }, ["numbers"]],
  ["a large number", { big: 1e15 }, ["numbers"]],
  ["an item of a list", { tags: "client" }, ["other"]],
  ["an item that both have", { tags: "http" }, ["other", "plain"]],
  ["one of several values", { source: { in: ["undici", "1", "nobody"] } }, ["numbers", "other"]],
  ["one of several values of several types", { version: { in: [5, "1", true] } }, ["plain", "texts"]],
  ["one of none", { source: { in: [] } }, []],
  ["a range", { version: { gte: 2, lte: 6 } }, ["plain"]],
  ["a range, ends included", { version: { gte: 5, lte: 8 } }, ["other", "plain"]],
  ["an open range; texts are in none", { version: { gte: 0 } }, ["numbers", "other", "plain"]],
  ["an upper limit", { ratio: { lte: 0 } }, ["numbers"]],
  ["several conditions, all of which hold", { tags: "http", version: { lte: 5 }, draft: false }, ["plain"]],
  ["conditions that no record fits together", { source: "fastify", version: 8 }, []],
  ["a field that nobody has", { nobody: "x" }, []],
  ["no condition", {}, rows.map(([id]) => id).sort()],
  ["a field with a dot", { "a.b": "x" }, ["dotted"]],
  ["a field with a space", { "a b": "y" }, ["dotted"]],
  ["a field with brackets", { "a[0]": "z" }, ["dotted"]],
  ["a field without a name", { "": "empty" }, ["dotted"]],
  ["a field that objects have by nature", { constructor: "c" }, ["dotted"]],
  ...hostile.flatMap((text, i): [string, Filter, string[]][] => [
    [`the text ${JSON.stringify(text)}`, { hostile: text }, [`hostile ${i}`]],
    [`the field ${JSON.stringify(text)}`, { [text]: i }, [`hostile ${i}`]],
    [`an item ${JSON.stringify(text)}`, { list: text, hostile: { not: "x" } }, [`hostile ${i}`]],
  ]),
]

/** Filters of every kind, with what they must find. */
export const filterRules = (context: ContractContext): void => {
  describe("filters", () => {
    let store: VectorStore
    beforeAll(async () => {
      store = await context.fresh()
      await store.upsert(rows.map(([id, metadata], i) => record(id, [1, i / 50, 0, 0], metadata)))
    })
    afterAll(async () => store?.[Symbol.asyncDispose]())
    const found = async (filter: Filter) =>
      idsOf(await store.search(vector(1, 0, 0, 0), { k: 100, filter })).sort()

    test.each(filters)("%s", async (_, filter, expected) => {
      expect(await found(filter)).toEqual(expected)
      expect(await store.count(filter)).toBe(expected.length)
      const fits = compileFilter(filter)
      expect(
        rows
          .filter(([, metadata]) => fits(metadata))
          .map(([id]) => id)
          .sort(),
      ).toEqual(expected)
    })
    test("not a value: also records without the field fit, and lists without the item", async () => {
      const without = async (filter: Filter, missing: string[]) =>
        expect(await found(filter)).toEqual(
          rows
            .map(([id]) => id)
            .filter(id => !missing.includes(id))
            .sort(),
        )
      await without({ source: { not: "fastify" } }, ["plain"])
      await without({ version: { not: 1 } }, ["numbers"])
      await without({ tags: { not: "http" } }, ["plain", "other"])
      await without({ draft: { not: true } }, ["other"])
      await without({ nobody: { not: "x" } }, [])
    })
    test("only records that fit count towards k", async () => {
      expect(idsOf(await store.search(vector(1, 0, 0, 0), { k: 2, filter: { tags: "http" } }))).toEqual([
        "plain",
        "other",
      ])
      expect(await store.search(vector(1, 0, 0, 0), { k: 1, filter: { list: "else" } })).toHaveLength(1)
    })
    test("a filter sees what is replaced and deleted", async () => {
      await using changing = await context.fresh()
      await changing.upsert([
        record("a", [1, 0, 0, 0], { kind: "x" }),
        record("b", [1, 1, 0, 0], { kind: "x" }),
      ])
      expect(await changing.count({ kind: "x" })).toBe(2)
      await changing.upsert([record("a", [1, 0, 0, 0], { kind: "y" })])
      await changing.delete(["b"])
      expect([await changing.count({ kind: "x" }), await changing.count({ kind: "y" })]).toEqual([0, 1])
      expect(idsOf(await changing.search(vector(1, 0, 0, 0), { k: 5, filter: { kind: "y" } }))).toEqual(["a"])
    })
  })
}
