import { describe, expect, test } from "vitest"
import { allIds, type ContractContext, idsOf, record, refused, vector } from "./context.ts"

/** Records that are written, replaced, deleted, and there again when the store is opened again. */
export const writeRules = (context: ContractContext): void => {
  describe("writes", () => {
    const axes = [record("x", [1, 0, 0, 0]), record("y", [0, 1, 0, 0]), record("z", [0, 0, 1, 0])]

    test("a new collection is empty, and a search in it finds nothing", async () => {
      await using store = await context.fresh()
      expect([await store.count(), await allIds(store)]).toEqual([0, []])
      expect(await store.search(vector(1, 0, 0, 0), { k: 5 })).toEqual([])
    })
    test("an upsert that is repeated changes nothing", async () => {
      await using store = await context.fresh()
      await store.upsert(axes)
      const before = await store.search(vector(1, 1, 0, 0), { k: 3 })
      await store.upsert(axes)
      expect(await store.count()).toBe(3)
      expect(await store.search(vector(1, 1, 0, 0), { k: 3 })).toEqual(before)
    })
    test("an upsert of a known id replaces its vector and its metadata", async () => {
      await using store = await context.fresh()
      await store.upsert([record("x", [1, 0, 0, 0], { version: 1, old: true }), axes[1]])
      await store.upsert([record("x", [0, 0, 0, 1], { version: 2 })])
      expect(await store.count()).toBe(2)
      expect(idsOf(await store.search(vector(0, 0, 0, 1), { k: 1 }))).toEqual(["x"])
      expect(await store.count({ version: 2 })).toBe(1)
      expect([await store.count({ version: 1 }), await store.count({ old: true })]).toEqual([0, 0])
    })
    test("the last record of an id in one call wins", async () => {
      await using store = await context.fresh()
      await store.upsert([record("x", [1, 0, 0, 0]), record("x", [0, 1, 0, 0])])
      const [hit] = await store.search(vector(0, 1, 0, 0), { k: 2 })
      expect(await store.count()).toBe(1)
      expect(hit.score).toBeCloseTo(1, 5)
    })
    test("an upsert of nothing and a deletion of nothing are fine", async () => {
      await using store = await context.fresh()
      await store.upsert([])
      await store.delete([])
      expect(await store.count()).toBe(0)
    })
    test("a deleted record is not found, not counted, and can be written again", async () => {
      await using store = await context.fresh()
      await store.upsert(axes)
      await store.delete(["x"])
      expect(idsOf(await store.search(vector(1, 0, 0, 0), { k: 3 }))).toEqual(["y", "z"])
      expect(await allIds(store)).toEqual(["y", "z"])
      await store.upsert([axes[0]])
      expect(idsOf(await store.search(vector(1, 0, 0, 0), { k: 1 }))).toEqual(["x"])
    })
    test("an unknown id can be deleted, also beside known ones", async () => {
      await using store = await context.fresh()
      await store.upsert(axes)
      await store.delete(["never was", "y"])
      expect(await allIds(store)).toEqual(["x", "z"])
    })
    test("records are there when the collection is opened again", async () => {
      const name = context.newName()
      {
        await using store = await context.open(name)
        await store.upsert([
          ...axes,
          record("w", [0, 0, 0, 1], { list: ["a", "b"], number: 1.5, flag: false }),
        ])
        await store.delete(["y"])
      }
      await using again = await context.open(name)
      expect(await allIds(again)).toEqual(["w", "x", "z"])
      expect(idsOf(await again.search(vector(0, 0, 1, 0.5), { k: 2 }))).toEqual(["z", "w"])
      expect(await again.count({ list: "b", number: 1.5, flag: false })).toBe(1)
    })
    test("collections do not see each other", async () => {
      await using one = await context.fresh()
      await using other = await context.fresh()
      await one.upsert(axes)
      expect(await other.count()).toBe(0)
    })
    test("another handle of the collection sees what is written, replaced and deleted", async () => {
      const name = context.newName()
      await using writer = await context.open(name)
      await using reader = await context.open(name)
      await writer.upsert(axes)
      expect(await reader.search(vector(1, 0, 0, 0), { k: 5 })).toHaveLength(3)
      await writer.upsert([record("y", [1, 0.1, 0, 0]), record("n", [1, 0.2, 0, 0])])
      await writer.delete(["z"])
      expect(idsOf(await reader.search(vector(1, 0, 0, 0), { k: 5 }))).toEqual(["x", "y", "n"])
    })
    test("writers at once through several handles lose nothing", async () => {
      const name = context.newName()
      await using first = await context.open(name)
      await using second = await context.open(name)
      const written: string[] = []
      const write = async (store: typeof first, label: string) => {
        for (let round = 0; round < 5; round++) {
          const records = Array.from({ length: 20 }, (_, i) =>
            record(`${label}${round}-${i}`, [1, round, i, 1]),
          )
          written.push(...records.map(({ id }) => id))
          await store.upsert([...records, record("shared", [1, round, 0, 0])])
        }
      }
      await Promise.all([write(first, "a"), write(second, "b"), write(first, "c")])
      expect(await allIds(second)).toEqual([...written, "shared"].sort())
      expect(await first.count()).toBe(301)
    })
    test("a call that was aborted before it began writes nothing", async () => {
      await using store = await context.fresh()
      await store.upsert([axes[0]])
      const signal = AbortSignal.abort()
      await refused("INTERRUPTED", store.upsert(axes, signal))
      await refused("INTERRUPTED", store.delete(["x"], signal))
      await refused("INTERRUPTED", store.search(vector(1, 0, 0, 0), { k: 1, signal }))
      expect(await allIds(store)).toEqual(["x"])
    })
    test("one call takes thousands of records", async () => {
      await using store = await context.fresh()
      const many = Array.from({ length: 3_000 }, (_, i) => record(`m${i}`, [1, i, i % 7, i % 11], { i }))
      await store.upsert(many)
      expect(await store.count()).toBe(3_000)
      expect((await allIds(store)).length).toBe(3_000)
      await store.delete(many.slice(0, 2_500).map(({ id }) => id))
      expect(await store.count()).toBe(500)
    })
  })
}
