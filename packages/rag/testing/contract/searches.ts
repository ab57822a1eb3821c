import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { VectorStore } from "../../src/vector-store.ts"
import { type ContractContext, clusteredRecords, cosine, idsOf, record, vector } from "./context.ts"

/** Which hits, in which order, with which scores. */
export const searchRules = (context: ContractContext): void => {
  describe("searches", () => {
    test("hits come best first, with their cosine", async () => {
      await using store = await context.fresh()
      await store.upsert([
        record("same", [2, 0, 0, 0]),
        record("near", [1, 1, 0, 0]),
        record("square", [0, 3, 0, 0]),
        record("opposite", [-1, 0, 0, 0]),
      ])
      const hits = await store.search(vector(5, 0, 0, 0), { k: 4 })
      expect(idsOf(hits)).toEqual(["same", "near", "square", "opposite"])
      for (const [i, expected] of [1, Math.SQRT1_2, 0, -1].entries())
        expect(hits[i].score).toBeCloseTo(expected, 5)
      for (const { score } of hits) expect(Math.abs(score)).toBeLessThanOrEqual(1)
    })
    test("the length of a vector does not matter, however small or large", async () => {
      await using store = await context.fresh()
      await store.upsert([record("small", [1e-30, 0, 0, 0]), record("large", [0, 1e30, 0, 0])])
      const [first, second] = await store.search(vector(0, 1e-20, 0, 0), { k: 2 })
      expect([first.id, second.id]).toEqual(["large", "small"])
      expect(first.score).toBeCloseTo(1, 5)
    })
    test("k above the number of records gives all of them", async () => {
      await using store = await context.fresh()
      await store.upsert([record("a", [1, 0, 0, 0]), record("b", [0, 1, 0, 0])])
      expect(idsOf(await store.search(vector(1, 0.5, 0, 0), { k: 1_000 }))).toEqual(["a", "b"])
    })
    for (const exact of [false, true])
      test(`equal scores come in order of id, and k cuts there (exact: ${exact})`, async () => {
        await using store = await context.fresh()
        await store.upsert(["e", "c", "a", "d", "b"].map(id => record(id, [1, 2, 3, 4])))
        await store.upsert([record("z", [1, 2, 3, 4.5])])
        expect(idsOf(await store.search(vector(1, 2, 3, 4), { k: 3, exact }))).toEqual(["a", "b", "c"])
        expect(idsOf(await store.search(vector(1, 2, 3, 4), { k: 6, exact }))).toEqual([
          "a",
          "b",
          "c",
          "d",
          "e",
          "z",
        ])
      })
    test("the same search gives the same hits", async () => {
      await using store = await context.fresh(16)
      await store.upsert(clusteredRecords(300, 16, 3))
      const query = clusteredRecords(1, 16, 4)[0].vector
      const first = await store.search(query, { k: 20 })
      expect(await store.search(query, { k: 20 })).toEqual(first)
    })

    describe("in 6,000 vectors of 64 dimensions", () => {
      const records = clusteredRecords(6_000, 64, 1)
      const queries = clusteredRecords(40, 64, 2).map(({ vector }) => vector)
      let store: VectorStore
      beforeAll(async () => {
        store = await context.fresh(64)
        await store.upsert(records)
      })
      afterAll(async () => store?.[Symbol.asyncDispose]())

      test("an exact search finds what comparing all finds", async () => {
        for (const query of queries.slice(0, 10)) {
          const expected = records
            .map(({ id, vector }) => ({ id, score: cosine(query, vector) }))
            .sort((a, b) => b.score - a.score)
            .slice(0, 10)
          const found = await store.search(query, { k: 10, exact: true })
          expect(idsOf(found)).toEqual(idsOf(expected))
          for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(expected[i].score, 4)
        }
      })
      for (const [label, filter] of [
        ["", undefined],
        [" with a filter", { part: 1 }],
        [" with a filter that most fit", { part: { not: 1 } }],
      ] as const)
        test(`an approximate search${label} finds at least 95 of 100 of the exact one's hits, with the same scores`, async () => {
          let found = 0
          for (const query of queries) {
            const exact = await store.search(query, { k: 10, exact: true, filter })
            const scores = new Map(exact.map(({ id, score }) => [id, score]))
            const hits = await store.search(query, { k: 10, filter })
            expect(hits).toHaveLength(10)
            for (const { id, score } of hits) {
              const expected = scores.get(id)
              if (expected === undefined) continue
              found++
              expect(score).toBeCloseTo(expected, 4)
            }
          }
          expect(found / (10 * queries.length)).toBeGreaterThanOrEqual(0.95)
        })
      test("a vector of its own is its own best hit, also after half were deleted", async () => {
        await store.delete(records.filter((_, i) => i % 2 === 1).map(({ id }) => id))
        for (const i of [0, 1_234, 5_998])
          expect((await store.search(records[i].vector, { k: 1 }))[0].id).toBe(`r${i}`)
        const hits = await store.search(records[1].vector, { k: 100 })
        expect(hits).toHaveLength(100)
        expect(hits.every(({ id }) => Number(id.slice(1)) % 2 === 0)).toBe(true)
      })
    })
  })
}
