/** One task of the bench in a process of its own: JSON in, JSON out. */
import { join } from "node:path"
import { gainsOf, type LocatedGold } from "@roadmap/evals/gold"
import { miniLmEmbedder } from "@roadmap/llm/adapters/minilm/embedder"
import { collectAnswer, createAssistant } from "@roadmap/rag/answers/assistant"
import { toChunks } from "@roadmap/rag/chunk/chunker"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import { textSource } from "@roadmap/rag/load/texts"
import { defaultRetriever } from "@roadmap/rag/retrieve/default"
import { createRetriever } from "@roadmap/rag/retrieve/retriever"
import { openDocumentIndex } from "@roadmap/rag/store/open"
import type { VectorHit, VectorStore } from "@roadmap/rag/vector-store"
import { openEmbeddedStore } from "@roadmap/rag/vector-store/adapters/embedded/store"
import { openPgVectorStore } from "@roadmap/rag/vector-store/adapters/pgvector/store"
import { quantile, readJson, readVectors } from "./files.ts"
import {
  type AskedQuestion,
  dimensions,
  embedSentences,
  indexDensely,
  indexLexically,
  openDense,
  splitSentences,
} from "./prepare.ts"

interface Task {
  task: string
  home: string
  /** Of this task's files. */
  folder: string
  quick: boolean
  /** Of the documentation's index. */
  dense: string
  sentences: { path: string; most: number }
  url: string
}
const given: Task = JSON.parse(process.argv[2])
const filter = { kind: "types" }

const tasks: Record<string, () => Promise<unknown>> = {
  "index lexically": () => indexLexically(given.home, given.folder),
  "index densely": () => indexDensely(given.home, given.folder, { quick: given.quick }),
  "embed sentences": () =>
    embedSentences(given.folder, {
      most: given.sentences.most,
      say: line => process.stderr.write(`${line}\n`),
    }),
  async embedded() {
    await using store = await openEmbeddedStore({ folder: given.folder, dimensions })
    return await measureStore(store)
  },
  async pgvector() {
    await using store = await openPgVectorStore({ url: given.url, name: "sentences", dimensions })
    return await measureStore(store)
  },
  bm25: measureLexical,
  question: measureQuestions,
}

/** Writes the sentences, then searches for each query with the filter, without it, and exactly. */
async function measureStore(store: VectorStore) {
  const { stored, queries } = splitSentences(given.sentences.path, given.sentences.most)
  const started = performance.now()
  if (store.kind === "pgvector") await store.upsert(stored)
  else
    for (let from = 0; from < stored.length; from += 5_000)
      await store.upsert(stored.slice(from, from + 5_000))
  const writeSeconds = (performance.now() - started) / 1_000
  const count = await store.count()
  const opened = performance.now()
  await store.search(queries[0], { k: 10, filter })
  const firstSeconds = (performance.now() - opened) / 1_000
  const fits = (await store.count(filter)) / count
  const measured = async (options: { filter?: typeof filter }) => {
    const times: number[] = []
    let same = 0
    for (const query of queries) await store.search(query, { k: 10, ...options })
    for (let repetition = 0; repetition < 3; repetition++)
      for (const query of queries) {
        const before = performance.now()
        const hits = await store.search(query, { k: 10, ...options })
        times.push(performance.now() - before)
        if (repetition > 0) continue
        const exact = new Set((await store.search(query, { k: 10, exact: true, ...options })).map(idOf))
        same += hits.filter(hit => exact.has(idOf(hit))).length
      }
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), recall: same / (10 * queries.length) }
  }
  return {
    count,
    fits,
    writeSeconds,
    firstSeconds,
    filtered: await measured({ filter }),
    all: await measured({}),
  }
}

const idOf = ({ id }: VectorHit): string => id

/** Each sentence is a chunk; the sentences of a package are a document. */
async function measureLexical() {
  const { texts } = splitSentences(given.sentences.path, given.sentences.most)
  const documents = [...Map.groupBy(texts, sentence => sentence.package)].map(([id, sentences]) => ({
    id,
    title: id,
    format: "text" as const,
    text: sentences.map(({ text }) => text).join("\n"),
  }))
  const chunker = {
    id: "lines@1",
    chunk(document: Parameters<typeof toChunks>[0]) {
      let start = 0
      const pieces = document.text.split("\n").map(line => {
        const piece = { start, end: start + line.length }
        start = piece.end + 1
        return piece
      })
      return toChunks(document, pieces, { chunker: "lines@1", context: false })
    },
  }
  await using index = await openDocumentIndex(given.folder, { chunker })
  const { chunks, seconds } = await indexSources(index, [textSource({ name: "packages", documents })])
  const questions = readJson<AskedQuestion[]>(join(given.dense, "questions.json")).map(
    ({ question }) => question,
  )
  const times: number[] = []
  for (let repetition = 0; repetition < 6; repetition++)
    for (const question of questions) {
      const before = performance.now()
      index.lexical.search(question, { k: 10 })
      if (repetition > 0) times.push(performance.now() - before)
    }
  return { chunks, seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** Retrieval with ready query vectors, as the peers do it, then whole questions; hits within the first five. */
async function measureQuestions() {
  await using embedder = miniLmEmbedder({ threads: 1 })
  await using store = await openEmbeddedStore({ folder: given.dense, dimensions })
  await using index = await openDense(given.dense, embedder, store)
  const questions = readJson<AskedQuestion[]>(join(given.dense, "questions.json"))
  const vectors = readVectors(join(given.dense, "questions.f32"), dimensions)
  const places = new Map(
    readJson<{ id: string; document: string; start: number; end: number }[]>(
      join(given.dense, "records.json"),
    ).map(place => [place.id, place]),
  )
  const search: number[] = []
  let vectorHits = 0
  for (let repetition = 0; repetition < 6; repetition++)
    for (const [i, { needs }] of questions.entries()) {
      const before = performance.now()
      const hits = await store.search(vectors[i], { k: 5 })
      if (repetition > 0) search.push(performance.now() - before)
      else if (
        anyGain(
          hits.map(({ id }) => places.get(id)!),
          { needs },
        )
      )
        vectorHits++
    }
  const retrievers = { dense: createRetriever(index, { mode: "dense" }), default: defaultRetriever(index) }
  const found = Object.fromEntries(
    await Promise.all(
      Object.entries(retrievers).map(async ([name, retriever]) => {
        let hits = 0
        for (const { question, needs } of questions) {
          const passages = await retriever.retrieve(question, { k: 5 })
          if (
            anyGain(
              passages.map(({ chunk: { documentId, start, end } }) => ({ document: documentId, start, end })),
              { needs },
            )
          )
            hits++
        }
        return [name, hits / questions.length]
      }),
    ),
  )
  const assistant = createAssistant({ index, retriever: defaultRetriever(index) })
  const whole: number[] = []
  for (let repetition = 0; repetition < 3; repetition++)
    for (const { question } of questions) {
      const before = performance.now()
      const { timings } = await collectAnswer(assistant.ask(question))
      if (repetition > 0) whole.push(performance.now() - before - (timings.embed ?? 0))
    }
  return {
    questions: questions.length,
    searchP50: quantile(search, 0.5),
    vectorHitAt5: vectorHits / questions.length,
    denseHitAt5: found.dense,
    hitAt5: found.default,
    wholeP50: quantile(whole, 0.5),
    wholeP95: quantile(whole, 0.95),
  }
}

function anyGain(spans: Parameters<typeof gainsOf>[0], gold: LocatedGold): boolean {
  return gainsOf(spans, gold).some(gain => gain > 0)
}

process.stdout.write(JSON.stringify(await tasks[given.task]()))
