import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Chunk } from "../../src/chunk.ts"
import { bm25 } from "../../src/lexical/bm25.ts"
import { buildSegment } from "../../src/lexical/build.ts"
import { type LiveSegment, mergeSegments } from "../../src/lexical/merge.ts"
import { decodeSegment, encodeSegment } from "../../src/lexical/segment.ts"

const chunkOf = (number: number, text: string, context = "", metadata = {}): Chunk => ({
  id: number.toString(16).padStart(32, "0"),
  documentId: `s/${number}`,
  source: number % 2 === 0 ? "even" : "odd",
  uri: "",
  title: "",
  headings: [],
  text,
  start: 0,
  end: text.length,
  context,
  metadata,
})
const live = (chunks: readonly Chunk[], gone: ReadonlySet<string> = new Set()): LiveSegment => ({
  segment: decodeSegment(encodeSegment(buildSegment(chunks))),
  deleted: Uint8Array.from(chunks, chunk => (gone.has(chunk.id) ? 1 : 0)),
})

test("scores are those of bm25s with Lucene's form, to nine digits", () => {
  const path = join(import.meta.dirname, "../../goldens/bm25.json")
  const golden: {
    documents: string[]
    cases: { k1: number; b: number; query: string[]; scores: number[] }[]
  } = JSON.parse(readFileSync(path, "utf8"))
  const segments = [live(golden.documents.map((text, number) => chunkOf(number, text)))]
  for (const { k1, b, query, scores } of golden.cases) {
    const hits = bm25(segments, { k1, b, contextWeight: 1 }).search(query.join(" "), { k: 1_000 })
    const expected = scores.filter(score => score > 0).sort((x, y) => y - x)
    expect(hits.length).toBe(expected.length)
    for (const hit of hits) expect(hit.score).toBeCloseTo(scores[Number.parseInt(hit.id, 16)], 8)
    expect(hits.map(each => each.score)).toEqual(hits.map(each => each.score).sort((x, y) => y - x))
  }
})

const vocabulary = fc.constantFrom("proxy", "server", "log", "redact", "plugin", "hook", "schema", "fetch")
const text = fc.array(vocabulary, { minLength: 1, maxLength: 12 }).map(list => list.join(" "))
const corpus = fc.array(fc.record({ text, context: fc.option(text, { nil: "" }) }), {
  minLength: 1,
  maxLength: 40,
})

test("an index grown in parts, with deletions and merges, scores as one that is built at once", () => {
  fc.assert(
    fc.property(
      corpus,
      fc.array(fc.nat(39)),
      fc.integer({ min: 1, max: 5 }),
      text,
      (given, cuts, parts, query) => {
        const chunks = given.map((each, i) => chunkOf(i, each.text, each.context))
        const gone = new Set(cuts.map(cut => chunks[cut % chunks.length].id))
        const kept = chunks.filter(chunk => !gone.has(chunk.id))
        const expected = bm25([live(kept)]).search(query, { k: 100 })
        const size = Math.ceil(chunks.length / parts)
        const grown = Array.from({ length: parts }, (_, i) =>
          live(chunks.slice(i * size, (i + 1) * size), gone),
        )
        expect(bm25(grown).search(query, { k: 100 })).toEqual(expected)
        const merged = mergeSegments(grown)
        const one = { segment: decodeSegment(encodeSegment(merged)), deleted: new Uint8Array(merged.count) }
        expect(merged.count).toBe(kept.length)
        expect(bm25([one]).search(query, { k: 100 })).toEqual(expected)
      },
    ),
    { numRuns: 300 },
  )
})

test("the k best are the first k of all", () => {
  fc.assert(
    fc.property(corpus, text, fc.integer({ min: 0, max: 10 }), (given, query, k) => {
      const index = bm25([live(given.map((each, i) => chunkOf(i, each.text, each.context)))])
      expect(index.search(query, { k })).toEqual(index.search(query, { k: 1_000 }).slice(0, k))
    }),
  )
})

test("a filter leaves the scores and takes away what does not fit", () => {
  fc.assert(
    fc.property(corpus, text, (given, query) => {
      const chunks = given.map((each, i) => chunkOf(i, each.text, "", { year: 2000 + (i % 3) }))
      const index = bm25([live(chunks)])
      const fits = new Set(
        chunks.filter(each => each.source === "even" && each.metadata.year === 2001).map(each => each.id),
      )
      expect(
        index.search(query, { k: 5, filter: { source: "even", year: { gte: 2001, lte: 2001 } } }),
      ).toEqual(
        index
          .search(query, { k: 1_000 })
          .filter(hit => fits.has(hit.id))
          .slice(0, 5),
      )
    }),
  )
})

test("a word in the context counts with its weight", () => {
  const chunks = [chunkOf(0, "proxy server"), chunkOf(1, "hook server", "proxy"), chunkOf(2, "log")]
  const at = (contextWeight: number) =>
    bm25([live(chunks)], { k1: 1.2, b: 0, contextWeight }).search("proxy", { k: 3 })
  expect(at(0).map(each => each.score > 0)).toEqual([true])
  expect(at(1).map(each => each.score)[0]).toBe(at(1).map(each => each.score)[1])
  expect(at(3)[0].id).toBe(chunks[1].id)
})

test("a question without a known word finds nothing; its terms say so", () => {
  const index = bm25([live([chunkOf(0, "proxy server")])])
  expect(index.search("the capital of Peru", { k: 5 })).toEqual([])
  expect(index.terms("proxy of Peru")).toEqual([
    { term: "proxi", df: 1, idf: Math.log(1 + 0.5 / 1.5) },
    { term: "peru", df: 0, idf: Math.log(1 + 1.5 / 0.5) },
  ])
  expect(bm25([]).search("proxy", { k: 5 })).toEqual([])
})

test("bytes that were changed are refused as corrupt or rejected by their length", () => {
  const bytes = encodeSegment(buildSegment([chunkOf(0, "proxy server")]))
  expect(() => decodeSegment(bytes.subarray(0, bytes.length - 1))).toThrow(
    expect.objectContaining({ code: "STATE_CORRUPT" }),
  )
  const other = bytes.slice()
  other[0] ^= 1
  expect(() => decodeSegment(other)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }))
})

test("a question of a million characters is searched by its first terms", () => {
  const index = bm25([live([chunkOf(0, "proxy server"), chunkOf(1, "late")])])
  const question = `proxy ${Array.from({ length: 150_000 }, (_, i) => `word${i}`).join(" ")} late`
  expect(index.search(question, { k: 5 }).map(each => each.id)).toEqual([chunkOf(0, "").id])
  expect(index.terms(question).length).toBe(256)
})
