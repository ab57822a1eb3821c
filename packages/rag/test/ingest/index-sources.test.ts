import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Embedder } from "@roadmap/llm/embedder"
import { hashingEmbedder } from "@roadmap/llm/testing/hashing-embedder"
import fc from "fast-check"
import { afterEach, beforeEach, expect, test } from "vitest"
import { markdownChunker } from "../../src/chunk/markdown.ts"
import { parentChildChunker } from "../../src/chunk/parent-child.ts"
import { sentenceChunker } from "../../src/chunk/sentences.ts"
import { deleteSource, indexSources } from "../../src/ingest/index-sources.ts"
import { textSource } from "../../src/load/texts.ts"
import { type OpenOptions, openDocumentIndex } from "../../src/store/open.ts"
import { chunker, contentOf, docs } from "./content.ts"
import { memoryStore } from "./memory-store.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roadmap-rag-"))
})
afterEach(() => rm(folder, { recursive: true }))

const open = (options: Partial<OpenOptions> = {}, name = "index") =>
  openDocumentIndex(join(folder, name), { chunker, ...options })

/** Counts what it is given. */
const counting = (): Embedder & { texts: string[] } => {
  const texts: string[] = []
  const inner = hashingEmbedder()
  return {
    ...inner,
    texts,
    embed: async (given, signal) => {
      texts.push(...given)
      return inner.embed(given, signal)
    },
  }
}

const long = (word: string, count = 40) => `# ${word}\n\n${`The ${word} is about ${word}. `.repeat(count)}`

test("the second run of the same sources changes nothing and embeds nothing", async () => {
  const embedder = counting()
  await using index = await open({ embedder, vectorStore: memoryStore().store })
  const first = await indexSources(index, [docs({ a: long("proxy"), b: long("logger") })])
  expect(first).toMatchObject({ added: 2, changed: 0, deleted: 0, unchanged: 0, skipped: [] })
  expect(first.embedded).toBe(embedder.texts.length)
  const before = await contentOf(index, ["proxy"])
  const second = await indexSources(index, [docs({ a: long("proxy"), b: long("logger") })])
  expect(second).toMatchObject({ added: 0, changed: 0, deleted: 0, unchanged: 2, embedded: 0, refilled: 0 })
  expect(embedder.texts.length).toBe(first.embedded)
  expect(await contentOf(index, ["proxy"])).toEqual(before)
})

test("a change embeds the chunks that changed and no others", async () => {
  const embedder = counting()
  const { store, records } = memoryStore()
  await using index = await open({ embedder, vectorStore: store })
  const text = `${long("proxy", 12)}\n\n# Last\n\nThe old words at the end of it.`
  await indexSources(index, [docs({ a: text, b: long("logger") })])
  const vectors = records.size
  embedder.texts.length = 0
  const receipt = await indexSources(index, [
    docs({ a: text.replace("old words", "new words"), b: long("logger") }),
  ])
  expect(receipt).toMatchObject({ changed: 1, unchanged: 1, embedded: 1 })
  expect(embedder.texts).toEqual([expect.stringContaining("new words")])
  expect(records.size).toBe(vectors)
  expect(index.lexical.search("old", { k: 5 })).toEqual([])
  expect(
    (await index.chunks(index.lexical.search("new words", { k: 1 }).map(each => each.id)))[0].text,
  ).toContain("new words")
})

test("what moved within its document keeps its vector and gets its new place", async () => {
  const embedder = counting()
  await using index = await open({ embedder, vectorStore: memoryStore().store })
  const body =
    "# Topic\n\nSome words that stay as they are, whatever is put before them in the text of this document here."
  await indexSources(index, [docs({ a: body })])
  embedder.texts.length = 0
  await indexSources(index, [docs({ a: `# Before\n\n${"New first words. ".repeat(7)}\n\n${body}` })])
  expect(embedder.texts.every(text => !text.includes("stay as they are"))).toBe(true)
  const [hit] = index.lexical.search("stay", { k: 1 })
  const [chunk] = await index.chunks([hit.id])
  expect(chunk.start).toBeGreaterThan(100)
  expect((await index.document("docs/a"))!.text.slice(chunk.start, chunk.end)).toBe(chunk.text)
})

test("what a source no longer has is deleted, and other sources are left alone", async () => {
  await using index = await open()
  await indexSources(index, [
    docs({ a: long("proxy"), b: long("logger") }),
    docs({ c: long("proxy") }, "more"),
  ])
  const receipt = await indexSources(index, [docs({ b: long("logger") })])
  expect(receipt).toMatchObject({ deleted: 1, unchanged: 1 })
  expect((await index.documents()).map(each => each.id)).toEqual(["docs/b", "more/c"])
  const hits = await index.chunks(index.lexical.search("proxy", { k: 100 }).map(each => each.id))
  expect(new Set(hits.map(each => each.documentId))).toEqual(new Set(["more/c"]))
  expect(await deleteSource(index, "more")).toBe(1)
  expect((await index.stats()).bySource).toEqual({ docs: { documents: 1, chunks: expect.any(Number) } })
})

test("new metadata reaches the filters without embedding again", async () => {
  const embedder = counting()
  const { store, records } = memoryStore()
  await using index = await open({ embedder, vectorStore: store })
  const withYear = (year: number) =>
    textSource({
      name: "docs",
      documents: [{ id: "a", title: "A", text: long("proxy", 3), metadata: { year } }],
    })
  await indexSources(index, [withYear(2025)])
  embedder.texts.length = 0
  expect(await indexSources(index, [withYear(2026)])).toMatchObject({ changed: 1, embedded: 0 })
  expect(index.lexical.search("proxy", { k: 9, filter: { year: 2025 } })).toEqual([])
  expect(index.lexical.search("proxy", { k: 9, filter: { year: 2026 } }).length).toBeGreaterThan(0)
  expect(
    [...records.values()].every(record => record.metadata.year === 2026 && record.metadata.source === "docs"),
  ).toBe(true)
})

test("a long chunk has a vector for each of its windows, and loses those that it no longer needs", async () => {
  const { store, records } = memoryStore()
  const embedder = counting()
  await using index = await open({ chunker: markdownChunker(), embedder, vectorStore: store })
  await indexSources(index, [docs({ a: "A sentence of some forty characters here. ".repeat(25) })])
  const [chunk] = await index.chunksOf("docs/a")
  expect([...records.keys()].sort()).toEqual([`${chunk.id}#0`, `${chunk.id}#1`, `${chunk.id}#2`])
  expect(embedder.texts.every(text => text.startsWith("a\n\nA sentence") && text.length <= 403)).toBe(true)
  expect((await index.stats()).vectors).toBe(3)
  await indexSources(index, [docs({ a: "A short one." })])
  expect([...records.keys()]).toEqual([`${(await index.chunksOf("docs/a"))[0].id}#0`])
})

test("equal texts in two documents are embedded once", async () => {
  const embedder = counting()
  await using index = await open({
    chunker: markdownChunker({ context: false }),
    embedder,
    vectorStore: memoryStore().store,
  })
  const receipt = await indexSources(index, [docs({ a: "The same words.", b: "The same words." })])
  expect(receipt).toMatchObject({ embedded: 1, reused: 1, chunks: 2 })
  expect((await index.stats()).vectors).toBe(2)
})

test("an index grown by any changes equals one that is built of the last state", async () => {
  const word = fc.constantFrom("proxy", "logger", "redact", "plugin", "hook", "schema")
  const text = fc
    .array(word, { minLength: 1, maxLength: 60 })
    .map(words => `# ${words[0]}\n\n${words.join(" ")}.`)
  const state = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), text, { noNullPrototype: true })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(state, { minLength: 1, maxLength: 5 }), async states => {
      run++
      const questions = ["proxy hook", "logger", "schema of a plugin"]
      await using grown = await open(
        { embedder: hashingEmbedder(), vectorStore: memoryStore().store },
        `grown-${run}`,
      )
      for (const each of states) await indexSources(grown, [docs(each)], { batchChunks: 3 })
      await using built = await open(
        { embedder: hashingEmbedder(), vectorStore: memoryStore().store },
        `built-${run}`,
      )
      await indexSources(built, [docs(states.at(-1)!)])
      expect(await contentOf(grown, questions)).toEqual(await contentOf(built, questions))
    }),
    { numRuns: 15 },
  )
})

test("a store that fails in the middle stops the run; the next one goes on without embedding again", async () => {
  const embedder = counting()
  const { store, records, failAfter, recover } = memoryStore()
  await using index = await open({ embedder, vectorStore: store })
  const texts = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d${i}`, long(`word${i}`, 10)]))
  failAfter(3)
  await expect(indexSources(index, [docs(texts)], { batchChunks: 8 })).rejects.toMatchObject({
    code: "UNREACHABLE",
  })
  const embedded = embedder.texts.length
  expect(records.size).toBeGreaterThan(0)
  recover()
  const receipt = await indexSources(index, [docs(texts)])
  expect(receipt.unchanged).toBeGreaterThan(0)
  const unique = new Set(embedder.texts)
  expect(embedder.texts.length - unique.size).toBeLessThanOrEqual(16)
  expect(embedder.texts.length).toBeGreaterThan(embedded)
  expect(new Set([...records.keys()].map(id => id.split("#")[0]))).toEqual(
    new Set((await contentOf(index)).whole.flatMap(each => each.chunks.map(chunk => chunk.id))),
  )
})

test("a store that lost records, or has strangers, is made whole from what the index kept", async () => {
  const embedder = counting()
  const { store, records } = memoryStore()
  await using index = await open({ embedder, vectorStore: store })
  const source = docs({ a: long("proxy"), b: long("logger") })
  await indexSources(index, [source])
  const whole = [...records.keys()].sort()
  const embedded = embedder.texts.length
  for (const id of whole.slice(0, 5)) records.delete(id)
  records.set("stranger", { id: "stranger", vector: new Float32Array(64).fill(1), metadata: {} })
  const receipt = await indexSources(index, [source])
  expect(receipt).toMatchObject({ refilled: 5, embedded: 0, unchanged: 2 })
  expect([...records.keys()].sort()).toEqual(whole)
  records.clear()
  expect(await indexSources(index, [source])).toMatchObject({ refilled: whole.length })
  expect(embedder.texts.length).toBe(embedded)
})

test("an embedder that fails stops the run; what was committed stays", async () => {
  const inner = hashingEmbedder()
  let calls = 0
  const embedder: Embedder = {
    ...inner,
    embed: async (texts, signal) => {
      if (++calls === 3) throw new Error("out of memory")
      return inner.embed(texts, signal)
    },
  }
  await using index = await open({ embedder, vectorStore: memoryStore().store })
  const texts = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`d${i}`, long(`word${i}`, 10)]))
  await expect(indexSources(index, [docs(texts)], { batchChunks: 8 })).rejects.toThrow("out of memory")
  expect((await index.stats()).documents).toBeGreaterThan(0)
  expect(await indexSources(index, [docs(texts)])).toMatchObject({ chunks: (await index.stats()).chunks })
  expect((await index.stats()).documents).toBe(20)
})

test("an index built with another embedder or chunker is refused with the command that rebuilds it", async () => {
  {
    await using index = await open()
    await indexSources(index, [docs({ a: long("proxy") })])
  }
  const refused = { code: "IMMUTABLE", hint: expect.stringContaining("roadmap ask --rebuild") }
  await expect(open({ embedder: hashingEmbedder(), vectorStore: memoryStore().store })).rejects.toMatchObject(
    {
      ...refused,
      message: "The index index was built with the embedder none, not with hashing-stand-in-64.",
    },
  )
  await expect(open({ chunker: sentenceChunker() })).rejects.toMatchObject(refused)
  await using rebuilt = await open({ chunker: sentenceChunker(), rebuild: true })
  expect(await rebuilt.stats()).toEqual({ documents: 0, chunks: 0, vectors: 0, bySource: {} })
  expect(rebuilt.lexical.search("proxy", { k: 1 })).toEqual([])
})

test("an embedder goes with a vector store of its dimensions, or none", async () => {
  await expect(open({ embedder: hashingEmbedder() })).rejects.toMatchObject({ code: "INVALID_INPUT" })
  await expect(
    open({ embedder: hashingEmbedder(), vectorStore: memoryStore(32).store }),
  ).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("64 and 32"),
  })
})

test("a second indexer is refused while one is at work; a reader sees the last whole state", async () => {
  await using writer = await open()
  await using reader = await open()
  await indexSources(writer, [docs({ a: long("proxy") })])
  expect(reader.lexical.search("proxy", { k: 1 }).length).toBe(1)
  let refused: unknown
  const slow = textSource({
    name: "docs",
    documents: async function* () {
      yield { id: "a", title: "a", text: long("logger") }
      refused = await indexSources(reader, [docs({ x: "y" }, "other")]).catch(error => error)
      expect(reader.lexical.search("proxy", { k: 1 }).length).toBe(1)
      yield { id: "b", title: "b", text: long("schema") }
    },
  })
  await indexSources(writer, [slow])
  expect(refused).toMatchObject({ code: "STATE_LOCKED", retryable: true })
  expect(reader.lexical.search("proxy", { k: 1 })).toEqual([])
  expect(reader.lexical.search("logger", { k: 1 }).length).toBe(1)
})

test("parents are stored and read, and children alone are found", async () => {
  const pair = parentChildChunker({
    parent: markdownChunker({ size: 400 }),
    child: sentenceChunker({ size: 60 }),
  })
  const { store, records } = memoryStore()
  await using index = await open({ chunker: pair, embedder: hashingEmbedder(), vectorStore: store })
  await indexSources(index, [docs({ a: long("proxy", 10) })])
  const [hit] = await index.chunks(index.lexical.search("proxy", { k: 1 }).map(each => each.id))
  const [parent] = await index.chunks([hit.parentId!])
  expect(parent.text).toContain(hit.text)
  expect([...records.keys()].some(id => id.startsWith(parent.id))).toBe(false)
  expect(index.lexical.search("proxy", { k: 1_000 }).some(each => each.id === parent.id)).toBe(false)
})

test("a document that comes twice, and a source with the name of another, are told and not taken", async () => {
  await using index = await open()
  const twice = textSource({
    name: "docs",
    documents: [
      { id: "a", title: "1", text: "first" },
      { id: "a", title: "2", text: "second" },
    ],
  })
  expect((await indexSources(index, [twice])).skipped).toMatchObject([
    { name: "docs/a", code: "ALREADY_EXISTS" },
  ])
  expect((await index.document("docs/a"))!.text).toBe("first")
  await expect(indexSources(index, [docs({}), docs({})])).rejects.toMatchObject({ code: "INVALID_INPUT" })
})

test("a source that fails half way deletes nothing", async () => {
  await using index = await open()
  await indexSources(index, [docs({ a: "first words", b: "second words" })])
  const failing = textSource({
    name: "docs",
    documents: async function* () {
      yield { id: "a", title: "a", text: "first words" }
      throw new Error("the disk went away")
    },
  })
  await expect(indexSources(index, [failing])).rejects.toThrow("the disk went away")
  expect((await index.stats()).documents).toBe(2)
})

test("progress is told, and a run that is stopped can be gone on with", async () => {
  await using index = await open()
  const texts = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`d${i}`, long(`word${i}`, 5)]))
  const stop = new AbortController()
  const seen: number[] = []
  const stopped = indexSources(index, [docs(texts)], {
    signal: stop.signal,
    batchChunks: 20,
    onProgress: ({ chunks }) => {
      seen.push(chunks)
      if (seen.length === 3) stop.abort()
    },
  })
  await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED" })
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  const receipt = await indexSources(index, [docs(texts)])
  expect(receipt.unchanged).toBeGreaterThan(0)
  expect(receipt.added + receipt.unchanged).toBe(200)
})
