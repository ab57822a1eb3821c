import { join } from "node:path"
import { createRandom } from "@roadmap/core/random"
import { hashingEmbedder } from "@roadmap/llm/testing/hashing-embedder"
import { markdownChunker } from "../src/chunk/markdown.ts"
import { indexSources } from "../src/ingest/index-sources.ts"
import { textSource } from "../src/load/texts.ts"
import { openDocumentIndex } from "../src/store/open.ts"
import { openEmbeddedStore } from "../src/vector-store/adapters/embedded/store.ts"

/** A document of twenty sections, each one chunk of one window; word frequencies fall as Zipf's law says. */
const documentOf = (number: number): string => {
  const random = createRandom(number)
  const word = () => `word${Math.floor(30_000 ** random.next())}`
  const section = (at: number) => `# Part ${at}\n\n${Array.from({ length: 35 }, word).join(" ")}.`
  return Array.from({ length: 20 }, (_, at) => section(at)).join("\n\n")
}

/**
 * Run as a program: node index-many-child.ts <folder> <documents>. Prints one JSON line: the receipt, the largest resident
 * memory in MB, and how often progress was told.
 */
if (import.meta.main) {
  const [folder, documents] = process.argv.slice(2)
  const source = textSource({
    name: "many",
    documents: async function* () {
      for (let n = 0; n < Number(documents); n++)
        yield { id: `d${n}`, title: `Document ${n}`, text: documentOf(n) }
    },
  })
  const embedder = hashingEmbedder({ dimensions: 16 })
  const vectorStore = await openEmbeddedStore({ folder: join(folder, "vectors"), dimensions: 16 })
  const chunker = markdownChunker({ size: 400 })
  await using index = await openDocumentIndex(folder, { chunker, embedder, vectorStore })
  let progress = 0
  let peak = 0
  const { skipped: _, ...receipt } = await indexSources(index, [source], {
    onProgress: () => {
      progress++
      peak = Math.max(peak, process.memoryUsage().rss / 1e6)
    },
  })
  console.log(JSON.stringify({ ...receipt, peak, progress, vectors: await vectorStore.count() }))
  await vectorStore[Symbol.asyncDispose]()
}
