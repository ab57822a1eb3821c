import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import type { Embedder } from "@roadmap/llm/embedder"
import { hashingEmbedder } from "@roadmap/llm/testing/hashing-embedder"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { type IndexReceipt, indexSources } from "@roadmap/rag/ingest/index-sources"
import { createRetriever } from "@roadmap/rag/retrieve/retriever"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import { openVectorStore } from "@roadmap/rag/vector-store/open"
import { drillSources } from "../documents.ts"

/** `search.json`: how the documents are searched. */
export interface Search {
  mode: "dense" | "lexical"
  embedder: keyof typeof embedders
}

/** Both are stand-ins that know words and no meaning, of equal dimensions; the second gives every word another direction. */
const embedders = {
  "words-1": (): Embedder => ({ ...hashingEmbedder({ dimensions: 64 }), id: "words-1" }),
  "words-2": (): Embedder => {
    const plain = hashingEmbedder({ dimensions: 64 })
    return {
      ...plain,
      id: "words-2",
      embed: (texts, signal) =>
        plain.embed(
          texts.map(text => [...text].reverse().join("")),
          signal,
        ),
    }
  },
}

type Home = Pick<Config, "home">

const searchPath = ({ home }: Home) => join(home, "search.json")
export const indexFolder = ({ home }: Home) => join(home, "state", "rag", "drill")
export const writeSearch = (config: Home, search: Search): Promise<void> =>
  writeFileAtomic(searchPath(config), `${JSON.stringify(search, null, 2)}\n`)
export const readSearch = async (config: Home): Promise<Search> => {
  const search = JSON.parse(await readFile(searchPath(config), "utf8"))
  if (search.embedder in embedders && ["dense", "lexical"].includes(search.mode)) return search
  throw new RoadmapError("CONFIG_INVALID", "search.json names a mode or an embedder that is not there.", {
    hint: `mode: dense or lexical; embedder: ${Object.keys(embedders).join(" or ")}`,
  })
}

/** Opens the index as search.json says. Throws IMMUTABLE when it was built with another embedder. */
export const openSearch = async (
  config: Config,
  { rebuild = false } = {},
): Promise<WritableIndex & AsyncDisposable> => {
  const embedder = embedders[(await readSearch(config)).embedder]()
  const folder = indexFolder(config)
  const store = await openVectorStore(config, { name: "drill", dimensions: embedder.dimensions, folder })
  try {
    const index = await openDocumentIndex(folder, {
      name: "drill",
      chunker: markdownChunker(),
      embedder,
      vectorStore: store,
      rebuild,
    })
    return {
      ...index,
      async [Symbol.asyncDispose]() {
        await index[Symbol.asyncDispose]()
        await store[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

export const indexDocuments = async (
  config: Config,
  options?: { rebuild?: boolean },
): Promise<IndexReceipt> => {
  await using index = await openSearch(config, options)
  return await indexSources(index, drillSources(config))
}

/** The documents found for each query, best first. */
export const findDocuments = async (config: Config, queries: readonly string[]): Promise<string[][]> => {
  await using index = await openSearch(config)
  const retriever = createRetriever(index, { mode: (await readSearch(config)).mode })
  const found: string[][] = []
  for (const query of queries) {
    const hits = await retriever.retrieve(query, { k: 5 })
    found.push(hits.map(({ chunk }) => chunk.documentId))
  }
  return found
}
