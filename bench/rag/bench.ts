/**
 * Retrieval. (1) The documentation of fastify, undici and pino, indexed lexically and with embeddings, the latter beside the raw
 * rate of the model on the same texts. (2) The same vectors in this project's embedded store, LangChain's and LlamaIndex's
 * in-memory stores: time, and questions of the tuning half with an answer among the first five. (3) Some 100,000 sentences
 * of the installed packages' documentation, embedded (kept for the next run): the embedded store beside PostgreSQL with
 * pgvector, one query at a time, with a filter and without, each against its own exact search; and BM25. (4) Whole questions
 * without a language model, less the time of embedding the question. Each system in a process of its own.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { setupNeural } from "@roadmap/llm/neural/setup"
import { startService, stopService } from "@roadmap/services/service"
import { measure } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"
import { installPeers } from "./install-peers.ts"

interface Indexed {
  chunks: number
  seconds: number
}
interface DenselyIndexed extends Indexed {
  texts: number
  rawSeconds: number
}
interface Searched {
  p50: number
  p99: number
  recall: number
}
interface Stored {
  count: number
  fits: number
  writeSeconds: number
  firstSeconds: number
  filtered: Searched
  all: Searched
}
interface Asked {
  questions: number
  searchP50: number
  vectorHitAt5: number
  denseHitAt5: number
  hitAt5: number
  wholeP50: number
  wholeP95: number
}
interface Peer {
  p50: number
  p99: number
  hitAt5: number
}

export const run: BenchRun = async ({ quick, signal }) => {
  const { home } = loadConfig()
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  await setupNeural({ signal, say })
  const peers = await installPeers(home, signal)
  const kept = join(home, "bench", "rag")
  await mkdir(kept, { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), "bench-rag-"))
  const dense = join(folder, "dense")
  const sentences = { path: "", most: quick ? 12_000 : 100_300 }
  let url = ""
  const work = async <T>(task: string, own = folder): Promise<T & { peakMiB: number }> => {
    signal.throwIfAborted()
    const given = JSON.stringify({ task, home, folder: own, quick, dense, sentences, url })
    const args = [join(import.meta.dirname, "work.ts"), given]
    const { stdout, peakMiB, seconds } = await measure(process.execPath, args, { signal })
    say(`${task}: ${seconds.toFixed(1)} s`)
    return { ...(JSON.parse(stdout) as T), peakMiB }
  }
  const peer = async (name: string): Promise<Peer> => {
    const args = [join(import.meta.dirname, "peer.ts"), name, peers, dense, quick ? "1" : "3"]
    const { stdout, seconds } = await measure(process.execPath, args, { signal })
    say(`${name}: ${seconds.toFixed(1)} s`)
    return JSON.parse(stdout) as Peer
  }
  try {
    const lexical: Indexed[] = []
    for (let i = 0; i < (quick ? 1 : 3); i++)
      lexical.push(await work<Indexed>("index lexically", join(folder, `lexical-${i}`)))
    const densely = await work<DenselyIndexed>("index densely", dense)
    const asked = await work<Asked>("question")
    const [langchain, llamaindex] = [await peer("langchain"), await peer("llamaindex")]
    const embedding = await work<{ path: string; count: number; seconds: number }>("embed sentences", kept)
    sentences.path = embedding.path
    const embedded = await work<Stored>("embedded", join(folder, "embedded"))
    url = (
      await startService("postgres", { home: folder, installFolder: join(home, "services"), onProgress: say })
    ).variables.DATABASE_URL
    const pgvector = await work<Stored>("pgvector")
    await stopService("postgres", { home: folder })
    const bm25 = await work<Indexed & { p50: number; p99: number }>("bm25", join(folder, "bm25"))
    const seconds = median(lexical.map(each => each.seconds))
    return {
      bench: "rag",
      machine: thisMachine(),
      rows: [
        ...indexRows({ ...lexical[0], seconds }, densely),
        ...questionRows(asked, densely.texts, { langchain, llamaindex }),
        ...storeRows("roadmap embedded", embedded),
        ...storeRows("pgvector", pgvector),
        ...lexicalRows(bm25),
        {
          system: "roadmap",
          metric: "peak memory of the embedded store's process",
          value: embedded.peakMiB,
          unit: "MiB",
        },
      ],
      ratios: {
        "indexing with embeddings / the model alone": densely.seconds / densely.rawSeconds,
        "embedded, filtered p50 / pgvector": embedded.filtered.p50 / pgvector.filtered.p50,
        "embedded p50 / pgvector": embedded.all.p50 / pgvector.all.p50,
        "embedded search p50 / LangChain MemoryVectorStore": asked.searchP50 / langchain.p50,
        "embedded search p50 / LlamaIndex SimpleVectorStore": asked.searchP50 / llamaindex.p50,
        "questions missed at 5 / LangChain": (1 - asked.hitAt5) / (1 - langchain.hitAt5),
        "questions missed at 5 / LlamaIndex": (1 - asked.hitAt5) / (1 - llamaindex.hitAt5),
      },
    }
  } finally {
    await stopService("postgres", { home: folder })
    await rm(folder, { recursive: true, force: true })
  }
}

const count = (value: number): string => value.toLocaleString("en")

const indexRows = (lexical: Indexed, dense: DenselyIndexed): BenchRow[] => [
  {
    system: "roadmap",
    metric: `index ${count(lexical.chunks)} chunks of documentation lexically`,
    value: lexical.seconds,
    unit: "s",
  },
  {
    system: "roadmap",
    metric: `index ${count(dense.chunks)} chunks with ${count(dense.texts)} embeddings`,
    value: dense.seconds,
    unit: "s",
  },
  {
    system: "the model alone",
    metric: `index ${count(dense.chunks)} chunks with ${count(dense.texts)} embeddings`,
    value: dense.rawSeconds,
    unit: "s",
  },
]

const questionRows = (
  asked: Asked,
  vectors: number,
  peers: { langchain: Peer; llamaindex: Peer },
): BenchRow[] => {
  const search = `5 nearest of ${count(vectors)} vectors, p50`
  const hits = `${asked.questions} questions of the tuning half: answer among the first 5`
  return [
    { system: "roadmap embedded", metric: search, value: asked.searchP50, unit: "ms" },
    { system: "LangChain MemoryVectorStore", metric: search, value: peers.langchain.p50, unit: "ms" },
    { system: "LlamaIndex SimpleVectorStore", metric: search, value: peers.llamaindex.p50, unit: "ms" },
    { system: "roadmap embedded", metric: hits, value: asked.vectorHitAt5, unit: "share" },
    { system: "LangChain MemoryVectorStore", metric: hits, value: peers.langchain.hitAt5, unit: "share" },
    { system: "LlamaIndex SimpleVectorStore", metric: hits, value: peers.llamaindex.hitAt5, unit: "share" },
    { system: "roadmap, dense, best window", metric: hits, value: asked.denseHitAt5, unit: "share" },
    { system: "roadmap, hybrid + rerank", metric: hits, value: asked.hitAt5, unit: "share" },
    {
      system: "roadmap",
      metric: "whole question without a language model, less its embedding, p50",
      value: asked.wholeP50,
      unit: "ms",
    },
    {
      system: "roadmap",
      metric: "whole question without a language model, less its embedding, p95",
      value: asked.wholeP95,
      unit: "ms",
    },
  ]
}

const storeRows = (system: string, stored: Stored): BenchRow[] => {
  const all = `10 nearest of ${count(stored.count)} x 384`
  const filtered = `${all}, filter that ${Math.round(100 * stored.fits)} % fit`
  return [
    { system, metric: `write ${count(stored.count)} x 384`, value: stored.writeSeconds, unit: "s" },
    { system, metric: `first search in ${count(stored.count)} x 384`, value: stored.firstSeconds, unit: "s" },
    ...(
      [
        [filtered, stored.filtered],
        [all, stored.all],
      ] as const
    ).flatMap(([metric, { p50, p99, recall }]) => [
      { system, metric: `${metric}, p50`, value: p50, unit: "ms" },
      { system, metric: `${metric}, p99`, value: p99, unit: "ms" },
      { system, metric: `${metric}, recall`, value: recall, unit: "share" },
    ]),
  ]
}

const lexicalRows = ({ chunks, seconds, p50, p99 }: Indexed & { p50: number; p99: number }): BenchRow[] => [
  { system: "roadmap", metric: `index ${count(chunks)} sentences lexically`, value: seconds, unit: "s" },
  { system: "roadmap", metric: `BM25 over ${count(chunks)} sentences, p50`, value: p50, unit: "ms" },
  { system: "roadmap", metric: `BM25 over ${count(chunks)} sentences, p99`, value: p99, unit: "ms" },
]
