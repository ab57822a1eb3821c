/** In-memory retrieval of LangChain JS or LlamaIndex on the same vectors: name, folder of the peers, folder of the vectors. */
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { gainsOf, type Span } from "@roadmap/evals/gold"
import { quantile, readJson, readVectors } from "./files.ts"

const [name, peers, folder, repetitions] = process.argv.slice(2)
const dimensions = 384
const places = readJson<(Span & { id: string })[]>(join(folder, "records.json"))
const vectors = readVectors(join(folder, "records.f32"), dimensions).map(vector => [...vector])
const questions = readJson<{ needs: Span[][] }[]>(join(folder, "questions.json"))
const asked = readVectors(join(folder, "questions.f32"), dimensions).map(vector => [...vector])

const load = (specifier: string) =>
  import(pathToFileURL(createRequire(join(peers, "package.json")).resolve(specifier)).href)

/** Numbers of the k nearest records. */
type Search = (query: number[], k: number) => Promise<number[]>

const systems: Record<string, () => Promise<Search>> = {
  async langchain() {
    const { MemoryVectorStore } = await load("@langchain/classic/vectorstores/memory")
    const { FakeEmbeddings } = await load("@langchain/core/utils/testing")
    const store = new MemoryVectorStore(new FakeEmbeddings())
    await store.addVectors(
      vectors,
      vectors.map((_, i) => ({ pageContent: "", metadata: { i } })),
    )
    return async (query, k) => {
      const found: [{ metadata: { i: number } }, number][] = await store.similaritySearchVectorWithScore(
        query,
        k,
      )
      return found.map(([document]) => document.metadata.i)
    }
  },
  async llamaindex() {
    const { SimpleVectorStore, TextNode } = await load("llamaindex")
    const store = new SimpleVectorStore({ embedModel: {} })
    await store.add(vectors.map((embedding, i) => new TextNode({ id_: `${i}`, text: "", embedding })))
    return async (query, k) => {
      const { ids } = await store.query({ queryEmbedding: query, similarityTopK: k, mode: "default" })
      return (ids as string[]).map(Number)
    }
  },
}

const search = await systems[name]()
const times: number[] = []
let hits = 0
for (let repetition = 0; repetition <= Number(repetitions); repetition++)
  for (const [i, query] of asked.entries()) {
    const before = performance.now()
    const found = await search(query, 5)
    if (repetition > 0) times.push(performance.now() - before)
    else if (
      gainsOf(
        found.map(at => places[at]),
        questions[i],
      ).some(gain => gain > 0)
    )
      hits++
  }
process.stdout.write(
  JSON.stringify({ p50: quantile(times, 0.5), p99: quantile(times, 0.99), hitAt5: hits / asked.length }),
)
