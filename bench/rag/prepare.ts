import { join } from "node:path"
import { sha256 } from "@roadmap/core/hash"
import { locateGold, type Span } from "@roadmap/evals/gold"
import { loadQuestions } from "@roadmap/evals/question-set"
import { projectCorpus } from "@roadmap/lab-2026-07-rag/corpus"
import { miniLmEmbedder } from "@roadmap/llm/adapters/minilm/embedder"
import type { Embedder } from "@roadmap/llm/embedder"
import { measureRawRate } from "@roadmap/llm/neural/raw-rate"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import type { Source } from "@roadmap/rag/load/source"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import type { VectorStore } from "@roadmap/rag/vector-store"
import { openEmbeddedStore } from "@roadmap/rag/vector-store/adapters/embedded/store"
import { isThere, readVectors, writeJson, writeVectors } from "./files.ts"
import { packageSentences } from "./sentences.ts"

export const dimensions = 384
const questionsFile = join(
  import.meta.dirname,
  ...["..", "..", "labs", "2026-07-rag", "evaluation", "questions.jsonl"],
)

/** The documentation of fastify, undici and pino. */
export const documentation = (home: string): Source[] =>
  projectCorpus({ home }).filter(({ name }) => ["fastify", "undici", "pino"].includes(name))

/** Indexes the documentation lexically into a new folder. */
export const indexLexically = async (home: string, folder: string) => {
  await using index = await openDocumentIndex(folder, { chunker: markdownChunker() })
  const { chunks, seconds } = await indexSources(index, documentation(home))
  return { chunks, seconds }
}

/** An index with vectors, opened; whoever opens it closes store and embedder with it. */
export const openDense = async (
  folder: string,
  embedder: Embedder,
  store: VectorStore,
): Promise<WritableIndex> =>
  openDocumentIndex(folder, { chunker: markdownChunker(), embedder, vectorStore: store })

/**
 * Indexes the documentation with embeddings into a new folder, and keeps for the other tasks what it wrote: every vector
 * with its place in the documents, and the questions with theirs. The model's raw rate is measured on the same texts.
 */
export const indexDensely = async (home: string, folder: string, options: { quick: boolean }) => {
  await using embedder = miniLmEmbedder()
  await using store = await openEmbeddedStore({ folder, dimensions })
  // Loaded and warm: the raw rate is that of a warm model as well.
  await embedder.embed(Array.from({ length: 64 }, (_, i) => `warm ${i}`))
  const texts: string[] = []
  const records: { id: string; vector: Float32Array }[] = []
  const watched: Embedder = {
    ...embedder,
    embed(some, signal) {
      texts.push(...some)
      return embedder.embed(some, signal)
    },
  }
  const kept: VectorStore = {
    ...store,
    upsert(some, signal) {
      records.push(...some)
      return store.upsert(some, signal)
    },
  }
  await using index = await openDense(folder, watched, kept)
  const sources = documentation(home).filter(({ name }) => !options.quick || name === "pino")
  const { chunks, seconds } = await indexSources(index, sources)
  const raw = await measureRawRate(texts)
  await writeVectors(
    join(folder, "records.f32"),
    records.map(({ vector }) => vector),
  )
  await writeJson(
    join(folder, "records.json"),
    await placesOf(
      index,
      records.map(({ id }) => id),
    ),
  )
  const questions = await questionsOf(index)
  await writeVectors(
    join(folder, "questions.f32"),
    await embedder.embed(questions.map(({ question }) => question)),
  )
  await writeJson(join(folder, "questions.json"), questions)
  return { chunks, texts: texts.length, seconds, rawSeconds: raw.seconds }
}

const placesOf = async (index: WritableIndex, ids: readonly string[]): Promise<(Span & { id: string })[]> => {
  const chunks = await index.chunks([...new Set(ids.map(id => id.split("#")[0]))])
  const byId = new Map(chunks.map(chunk => [chunk.id, chunk]))
  return ids.map(id => {
    const { documentId, start, end } = byId.get(id.split("#")[0])!
    return { id, document: documentId, start, end }
  })
}

export interface AskedQuestion {
  question: string
  needs: readonly (readonly Span[])[]
}

/** The questions of the tuning half whose answers stand in the indexed documents. */
const questionsOf = async (index: WritableIndex): Promise<AskedQuestion[]> => {
  const asked: AskedQuestion[] = []
  for (const question of await loadQuestions(questionsFile)) {
    const documents = question.gold.flatMap(({ anyOf }) => anyOf.map(({ document }) => document))
    const texts = new Map<string, string>()
    for (const id of documents) texts.set(id, (await index.document(id))?.text ?? "")
    if (documents.length === 0 || [...texts.values()].includes("")) continue
    asked.push({ question: question.question, ...locateGold(question, id => texts.get(id)) })
  }
  return asked
}

/** Embeds sentences of the installed packages, or takes the vectors that an earlier run embedded, and 300 of them as queries. */
export const embedSentences = async (
  folder: string,
  options: { most: number; say: (line: string) => void },
) => {
  const sentences = packageSentences(options.most)
  await using embedder = miniLmEmbedder()
  const name = sha256([embedder.id, ...sentences.map(({ text }) => text)].join("\n")).slice(0, 16)
  const path = join(folder, `sentences-${name}.f32`)
  const started = performance.now()
  if (!isThere(path)) {
    const vectors: Float32Array[] = []
    for (let from = 0; from < sentences.length; from += 10_000) {
      vectors.push(...(await embedder.embed(sentences.slice(from, from + 10_000).map(({ text }) => text))))
      options.say(
        `${vectors.length.toLocaleString("en")} of ${sentences.length.toLocaleString("en")} sentences embedded`,
      )
    }
    await writeVectors(path, vectors)
  }
  return { path, name, count: sentences.length, seconds: (performance.now() - started) / 1_000 }
}

/** Every 300th part is a query; the others are stored. Vectors and metadata, in the order of the sentences. */
export const splitSentences = (path: string, most: number) => {
  const sentences = packageSentences(most)
  const vectors = readVectors(path, dimensions)
  const step = Math.floor(sentences.length / queries)
  const isQuery = (i: number) => i % step === 0 && i / step < queries
  return {
    stored: vectors.flatMap((vector, i) => {
      const { kind, package: from } = sentences[i]
      return isQuery(i) ? [] : [{ id: `s${i}`, vector, metadata: { kind, package: from } }]
    }),
    texts: sentences.filter((_, i) => !isQuery(i)),
    queries: vectors.filter((_, i) => isQuery(i)),
  }
}

const queries = 300
