import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Chunk } from "../src/chunk.ts"
import type { DocumentIndex } from "../src/document-index.ts"
import { compileFilter, type Filter } from "../src/filter.ts"
import { filterableOf } from "../src/lexical/build.ts"
import { type Fusion, fuse } from "../src/retrieve/fusion.ts"
import { maximalMarginalRelevance } from "../src/retrieve/mmr.ts"
import { createRetriever } from "../src/retrieve/retriever.ts"
import type { Retrieved } from "../src/retriever.ts"
import { aChunk } from "./chunks.ts"

/** An index whose lists are written down by the test: chunk ids, best first, for each question. */
const listed = (lists: {
  bm25?: Record<string, string[]>
  dense?: Record<string, string[]>
  chunks?: readonly Chunk[]
}): DocumentIndex => {
  const ids = [...Object.values(lists.bm25 ?? {}), ...Object.values(lists.dense ?? {})].flat()
  const chunks = lists.chunks ?? [...new Set(ids)].map(id => aChunk({ id, text: `text of ${id}` }))
  const byId = new Map(chunks.map(chunk => [chunk.id, chunk]))
  const hits = (found: readonly string[] = [], k: number, filter?: Filter) => {
    const fits = compileFilter(filter ?? {})
    const some = found.filter(id => !byId.has(id) || fits(filterableOf(byId.get(id)!)))
    return some.slice(0, k).map((id, i) => ({ id, score: 1 - i / 10 }))
  }
  const asked: string[] = []
  return {
    name: "listed",
    lexical: {
      search: (query: string, { k, filter }: { k: number; filter?: Filter }) =>
        hits(lists.bm25?.[query], k, filter),
      terms: () => [],
    },
    chunks: async (wanted: readonly string[]) => wanted.flatMap(id => byId.get(id) ?? []),
    ...(lists.dense && {
      dense: {
        embedder: {
          id: "by number of the question",
          dimensions: 1,
          embed: async ([text]: readonly string[]) => [Float32Array.of(asked.push(text) - 1)],
          [Symbol.asyncDispose]: async () => undefined,
        },
        store: {
          search: async (vector: Float32Array, { k, filter }: { k: number; filter?: Filter }) =>
            hits(lists.dense?.[asked[vector[0]]], k, filter),
        },
      },
    }),
  } as unknown as DocumentIndex
}

const idsOf = (passages: readonly Retrieved[]) => passages.map(({ chunk }) => chunk.id)

describe("fusion", () => {
  const lists = [
    {
      way: "bm25" as const,
      hits: [
        { id: "a", score: 9 },
        { id: "b", score: 6 },
        { id: "c", score: 3 },
      ],
    },
    {
      way: "dense" as const,
      hits: [
        { id: "c", score: 0.9 },
        { id: "b", score: 0.8 },
      ],
    },
  ]
  test("by reciprocal ranks: two middle places are worth more than one first place", () => {
    const fused = fuse(lists, { kind: "rrf" })
    expect(fused.get("c")).toBeCloseTo(1 / 63 + 1 / 61, 12)
    expect([...fused].sort((x, y) => y[1] - x[1]).map(([id]) => id)).toEqual(["c", "b", "a"])
  })
  test("by weights: scores are scaled from the list's last, 0, to its first, 1", () => {
    const fused = fuse(lists, { kind: "convex", dense: 0.25 })
    expect(Object.fromEntries(fused)).toEqual({ a: 0.75, b: 0.375, c: 0.25 })
  })
  test("a list of one hit, or of equal scores, gives each of them all its weight", () => {
    expect(
      fuse([{ way: "bm25", hits: [{ id: "a", score: 3 }] }], { kind: "convex", dense: 0.5 }).get("a"),
    ).toBe(0.5)
  })
  const fusions: Fusion[] = [{ kind: "rrf" }, { kind: "rrf", constant: 1 }, { kind: "convex", dense: 0.4 }]
  test("a better place in a list never lowers the fused score", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2 }),
        fc.constantFrom(...fusions),
        (ids, fusion) => {
          const hits = ids.map((id, i) => ({ id, score: ids.length - i }))
          const values = [...fuse([{ way: "dense", hits }], fusion).values()]
          expect(values).toEqual([...values].sort((a, b) => b - a))
        },
      ),
    )
  })
})

describe("a retriever", () => {
  test("gives BM25's hits in their order and with their scores", async () => {
    const retriever = createRetriever(listed({ bm25: { q: ["b", "a"] } }), { mode: "lexical" })
    const found = await retriever.retrieve("q", { k: 5 })
    expect(found.map(({ chunk, score, scores }) => [chunk.id, score, scores])).toEqual([
      ["b", 1, { bm25: 1, bm25Rank: 1 }],
      ["a", 0.9, { bm25: 0.9, bm25Rank: 2 }],
    ])
  })
  test("fuses both ways and says what each found", async () => {
    const index = listed({ bm25: { q: ["a", "b"] }, dense: { q: ["b", "c"] } })
    const found = await createRetriever(index, { mode: "hybrid" }).retrieve("q", { k: 5 })
    expect(idsOf(found)).toEqual(["b", "a", "c"])
    expect(found[0].scores).toMatchObject({ bm25Rank: 2, denseRank: 1, fused: 1 / 62 + 1 / 61 })
    expect(found[1].scores).not.toHaveProperty("dense")
  })
  test("orders equal scores by id, whatever the order of the lists", async () => {
    const first = listed({ bm25: { q: ["z"] }, dense: { q: ["a"] } })
    const second = listed({ bm25: { q: ["a"] }, dense: { q: ["z"] } })
    for (const index of [first, second])
      expect(idsOf(await createRetriever(index, { mode: "hybrid" }).retrieve("q", { k: 2 }))).toEqual([
        "a",
        "z",
      ])
  })
  test("refuses to search vectors that the index does not have, and says how to get them", () => {
    const index = listed({ bm25: { q: ["a"] } })
    for (const mode of ["dense", "hybrid"] as const)
      expect(() => createRetriever(index, { mode })).toThrow(
        expect.objectContaining({
          code: "PART_MISSING",
          hint: expect.stringContaining("roadmap setup neural"),
        }),
      )
  })
  test("gives only what fits the filter, from both ways", async () => {
    const chunks = ["a", "b", "c"].map(id => aChunk({ id, source: id === "b" ? "pino" : "fastify" }))
    const index = listed({ bm25: { q: ["a", "b"] }, dense: { q: ["b", "c"] }, chunks })
    const retriever = createRetriever(index, { mode: "hybrid" })
    expect(idsOf(await retriever.retrieve("q", { k: 5, filter: { source: "fastify" } }))).toEqual(["a", "c"])
  })
  test("leaves out a chunk that was deleted after it was found", async () => {
    const index = listed({ bm25: { q: ["gone", "a"] }, chunks: [aChunk({ id: "a" })] })
    expect(idsOf(await createRetriever(index, { mode: "lexical" }).retrieve("q", { k: 5 }))).toEqual(["a"])
  })
  test("asks rewritten questions too, each once, and fuses their lists", async () => {
    const index = listed({ bm25: { q: ["a", "b"], other: ["c", "b"] } })
    const rewrite = async () => ["other", "q", "other"]
    const found = await createRetriever(index, { mode: "lexical", rewrite }).retrieve("q", { k: 3 })
    expect(idsOf(found)).toEqual(["b", "a", "c"])
  })
  test("reranks its candidates by the question as it was asked", async () => {
    const asked: string[] = []
    const rerank = {
      name: "backwards",
      rerank: async (query: string, passages: readonly Retrieved[]) => {
        asked.push(query)
        return passages.toReversed()
      },
    }
    const index = listed({ bm25: { q: ["a", "b", "c", "d"] } })
    const retriever = createRetriever(index, {
      mode: "lexical",
      rerank,
      candidates: 3,
      rewrite: () => ["other"],
    })
    expect(idsOf(await retriever.retrieve("q", { k: 2 }))).toEqual(["c", "b"])
    expect(asked).toEqual(["q"])
    expect(retriever.name).toBe("lexical + multi-query + rerank(backwards)")
  })
  test("puts a parent in the place of its best child, once", async () => {
    const chunks = [
      aChunk({ id: "a", parentId: "p" }),
      aChunk({ id: "b" }),
      aChunk({ id: "c", parentId: "p" }),
      aChunk({ id: "lost", parentId: "nowhere" }),
      aChunk({ id: "p", text: "the parent" }),
    ]
    const index = listed({ bm25: { q: ["b", "a", "c", "lost"] }, chunks })
    const found = await createRetriever(index, { mode: "lexical", parents: true }).retrieve("q", { k: 4 })
    expect(idsOf(found)).toEqual(["b", "p", "lost"])
    expect(found[1].scores.bm25Rank).toBe(2)
  })
  test("says how long each stage took", async () => {
    const timings: Record<string, number> = {}
    const index = listed({ bm25: { q: ["a"] }, dense: { q: ["a"] } })
    await createRetriever(index, { mode: "hybrid" }).retrieve("q", { k: 1, timings })
    expect(Object.keys(timings).sort()).toEqual(["embed", "retrieve"])
  })
  test.each([0, -1, 2.5, Number.NaN, 1_001])("refuses k = %d", async k => {
    const retriever = createRetriever(listed({ bm25: { q: ["a"] } }), { mode: "lexical" })
    await expect(retriever.retrieve("q", { k })).rejects.toMatchObject({ code: "INVALID_INPUT" })
  })
  test("refuses an empty question, and stops when it is told to", async () => {
    const retriever = createRetriever(listed({ bm25: { q: ["a"] } }), { mode: "lexical" })
    await expect(retriever.retrieve(" \n", { k: 1 })).rejects.toMatchObject({ code: "INVALID_INPUT" })
    await expect(retriever.retrieve("q", { k: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "INTERRUPTED",
    })
  })
})

describe("maximal marginal relevance", () => {
  const passage = (id: string, score: number, text: string): Retrieved => ({
    chunk: aChunk({ id, text }),
    score,
    scores: {},
  })
  const passages = [
    passage("a", 1, "trust the proxy headers"),
    passage("twin", 0.9, "trust the proxy headers"),
    passage("other", 0.5, "limit the body size"),
  ]
  test("takes the different passage before the twin of one it has", () => {
    expect(idsOf(maximalMarginalRelevance(passages, { k: 2, lambda: 0.5 }))).toEqual(["a", "other"])
  })
  test("with lambda 1 keeps the order", () => {
    expect(idsOf(maximalMarginalRelevance(passages, { k: 3, lambda: 1 }))).toEqual(["a", "twin", "other"])
  })
  test("gives each passage once, however many are asked for", () => {
    expect(idsOf(maximalMarginalRelevance(passages, { k: 10, lambda: 0 })).sort()).toEqual([
      "a",
      "other",
      "twin",
    ])
    expect(maximalMarginalRelevance([], { k: 3, lambda: 0.5 })).toEqual([])
  })
})
