import { join } from "node:path"
import { hashingEmbedder } from "@roadmap/llm/testing/hashing-embedder"
import { markdownChunker } from "../src/chunk/markdown.ts"
import { indexSources } from "../src/ingest/index-sources.ts"
import { textSource } from "../src/load/texts.ts"
import { openDocumentIndex } from "../src/store/open.ts"
import { openEmbeddedStore } from "../src/vector-store/adapters/embedded/store.ts"

/**
 * Two hundred documents. In the second version every third has changed, every seventh is gone, and there are new ones.
 */
export const versionedSource = (version: 1 | 2) =>
  textSource({
    name: "docs",
    documents: Array.from({ length: 220 }, (_, n) => n)
      .filter(n => (version === 1 ? n < 200 : n % 7 !== 0))
      .map(n => {
        const changed = version === 2 && n % 3 === 0
        const paragraph = (p: number) =>
          `## Part ${p}\n\nDocument ${n} says in part ${p} that topic${(n * 31 + p) % 50} ${changed && p === 2 ? "was replaced by" : "comes before"} topic${(n * 17 + p) % 40}.`
        return { id: `d${n}`, title: `Document ${n}`, text: [1, 2, 3, 4].map(paragraph).join("\n\n") }
      }),
  })

/** Index and vector store in one folder, as a composition opens them. */
export const openChildIndex = async (folder: string) => {
  const embedder = hashingEmbedder({ dimensions: 32 })
  const vectorStore = await openEmbeddedStore({ folder: join(folder, "vectors"), dimensions: 32 })
  const index = await openDocumentIndex(folder, {
    chunker: markdownChunker({ size: 150 }),
    embedder,
    vectorStore,
  })
  return {
    index,
    async [Symbol.asyncDispose]() {
      await index[Symbol.asyncDispose]()
      await vectorStore[Symbol.asyncDispose]()
    },
  }
}

/** Run as a program: node index-child.ts <folder> <version>. Small batches, so that a kill meets every phase. */
if (import.meta.main) {
  const [folder, version] = process.argv.slice(2)
  await using opened = await openChildIndex(folder)
  console.log("opened")
  await indexSources(opened.index, [versionedSource(version === "2" ? 2 : 1)], { batchChunks: 16 })
  console.log("done")
}
