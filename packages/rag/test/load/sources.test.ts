import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openWarehouse } from "@roadmap/warehouse/open"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Document } from "../../src/document.ts"
import { withoutDuplicates } from "../../src/load/duplicates.ts"
import { minHash, similarity } from "../../src/load/min-hash.ts"
import type { Skipped, Source } from "../../src/load/source.ts"
import { tableSource } from "../../src/load/table.ts"
import { textSource } from "../../src/load/texts.ts"

const read = async (source: Source) => {
  const documents: Document[] = []
  const skipped: Skipped[] = []
  for await (const document of source.documents({ onSkipped: each => skipped.push(each) }))
    documents.push(document)
  return { documents, skipped }
}

test("rows of a warehouse are documents: one a row, or one a group of rows", async () => {
  const home = await mkdtemp(join(tmpdir(), "roadmap-table-"))
  const engine = await openWarehouse({ home, logLevel: "silent", ci: false, color: undefined })
  try {
    const sql = `select * from (values ('JFK', 'AA', 3, null), ('JFK', 'B|6', 5, 'late'), ('LAX', 'UA', 7, 'x')) as t(airport, carrier, flights, note) order by airport, carrier`
    const single = await read(
      tableSource({
        name: "flights",
        engine,
        sql,
        id: row => `${row.airport}-${row.carrier}`,
        title: row => `${row.airport}`,
        metadata: row => ({ flights: Number(row.flights) }),
      }),
    )
    expect(single.documents.map(each => [each.id, each.format, each.text, each.metadata])).toEqual([
      ["flights/JFK-AA", "table", "airport: JFK\ncarrier: AA\nflights: 3\nnote: ", { flights: 3 }],
      ["flights/JFK-B|6", "table", "airport: JFK\ncarrier: B|6\nflights: 5\nnote: late", { flights: 5 }],
      ["flights/LAX-UA", "table", "airport: LAX\ncarrier: UA\nflights: 7\nnote: x", { flights: 7 }],
    ])
    const grouped = await read(
      tableSource({
        name: "airports",
        engine,
        sql,
        id: row => String(row.airport),
        title: row => `Airport ${row.airport}`,
      }),
    )
    expect(grouped.documents.map(each => each.id)).toEqual(["airports/JFK", "airports/LAX"])
    expect(grouped.documents[0].text).toBe(
      "| airport | carrier | flights | note |\n| --- | --- | --- | --- |\n| JFK | AA | 3 |  |\n| JFK | B\\|6 | 5 | late |",
    )
  } finally {
    await engine.close()
    await rm(home, { recursive: true })
  }
})

test("texts given in memory are documents; an empty one is skipped with the reason", async () => {
  const { documents, skipped } = await read(
    textSource({
      name: "models",
      documents: [
        { id: "delay/1", title: "Delay", text: "A card.", metadata: { version: 1 } },
        { id: "delay/2", title: "Empty", text: " " },
      ],
    }),
  )
  expect(documents).toMatchObject([
    { id: "models/delay/1", uri: "models/delay/1", format: "markdown", metadata: { version: 1 } },
  ])
  expect(skipped).toEqual([
    { source: "models", name: "delay/2", code: "FILE_EMPTY", reason: "models/delay/2 has no text." },
  ])
})

test("equal documents have equal hashes, and any difference of title, text or metadata another", async () => {
  const hashOf = async (title: string, text: string, tag: string) =>
    (await read(textSource({ name: "s", documents: [{ id: "a", title, text, metadata: { tag } }] })))
      .documents[0].hash
  const hash = await hashOf("t", "x\r\ny", "z")
  expect(await hashOf("t", "x\ny", "z")).toBe(hash)
  expect(await hashOf("u", "x\ny", "z")).not.toBe(hash)
  expect(await hashOf("t", "x\n", "z")).not.toBe(hash)
  expect(await hashOf("t", "x\ny", "w")).not.toBe(hash)
})

const prose = (seed: number, words: number) =>
  Array.from({ length: words }, (_, i) => `w${(seed * 7_919 + i * 104_729 + i * i * 31) % 9_973}`)

test("repeated documents are dropped and told: the same words, and nearly the same", async () => {
  const text = prose(1, 300)
  const nearly = text.with(150, "changed").join(" ")
  const source = textSource({
    name: "s",
    documents: [
      { id: "a", title: "a", text: text.join(" ") },
      { id: "b", title: "b", text: text.join("\n").toUpperCase() },
      { id: "c", title: "c", text: nearly },
      { id: "d", title: "d", text: prose(2, 300).join(" ") },
    ],
  })
  const exact = await read(withoutDuplicates(source))
  expect(exact.documents.map(each => each.id)).toEqual(["s/a", "s/c", "s/d"])
  expect(exact.skipped).toMatchObject([
    { name: "s/b", code: "ALREADY_EXISTS", reason: "The same text as s/a." },
  ])
  const near = await read(withoutDuplicates(source, { near: 0.85 }))
  expect(near.documents.map(each => each.id)).toEqual(["s/a", "s/d"])
  expect(near.skipped[1].reason).toMatch(/^9\d % like s\/a\.$/)
})

test("MinHash estimates the share of common five-word sequences within four standard errors", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 400 }), (seed, common) => {
      const own = (which: number) => prose(seed + which, 400 - common)
      const shared = prose(seed + 50, common)
      const a = [...shared, ...own(100)]
      const b = [...shared, ...own(200)]
      const shingles = (words: string[]) =>
        new Set(words.slice(4).map((_, i) => words.slice(i, i + 5).join(" ")))
      const [left, right] = [shingles(a), shingles(b)]
      const both = [...left].filter(each => right.has(each)).length
      const exact = both / (left.size + right.size - both)
      expect(Math.abs(similarity(minHash(a), minHash(b)) - exact)).toBeLessThan(0.18)
    }),
    { numRuns: 60 },
  )
})
