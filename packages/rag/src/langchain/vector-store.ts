import { randomUUID } from "node:crypto"
import { RoadmapError } from "@roadmap/core/errors"
import type { DocumentIndex } from "../document-index.ts"
import type { Filter, Filterable } from "../filter.ts"
import type { VectorStore } from "../vector-store.ts"
import type { LcEmbeddings } from "./embeddings.ts"
import type { LangChain, LcDocument } from "./load.ts"

export interface LcVectorStore {
  addVectors(vectors: number[][], documents: LcDocument[], options?: { ids?: string[] }): Promise<string[]>
  addDocuments(documents: LcDocument[], options?: { ids?: string[] }): Promise<string[]>
  delete(which: { ids: string[] }): Promise<void>
  similaritySearch(query: string, k?: number, filter?: Filter): Promise<LcDocument[]>
  similaritySearchWithScore(query: string, k?: number, filter?: Filter): Promise<[LcDocument, number][]>
  similaritySearchVectorWithScore(
    vector: number[],
    k: number,
    filter?: Filter,
  ): Promise<[LcDocument, number][]>
}

/** Where the documents of the vectors are: a VectorStore keeps vectors and what they are filtered by. */
export interface Shelf {
  put(documents: ReadonlyMap<string, LcDocument>): Promise<void>
  get(ids: readonly string[]): Promise<ReadonlyMap<string, LcDocument>>
  remove(ids: readonly string[]): Promise<void>
}

/** Documents in memory. */
export const memoryShelf = (): Shelf => {
  const documents = new Map<string, LcDocument>()
  return {
    put: async added => {
      for (const [id, document] of added) documents.set(id, document)
    },
    get: async ids => new Map(ids.flatMap(id => (documents.has(id) ? [[id, documents.get(id)!]] : []))),
    remove: async ids => {
      for (const id of ids) documents.delete(id)
    },
  }
}

/** The chunks of an index. It is written by indexSources alone: putting and removing throw IMMUTABLE. */
export const indexShelf = (index: DocumentIndex): Shelf => {
  const refuse = async () => {
    throw new RoadmapError("IMMUTABLE", `The index ${index.name} is not written through LangChain.`, {
      hint: "Add the documents to a source and call indexSources.",
    })
  }
  return {
    put: refuse,
    remove: refuse,
    get: async ids =>
      new Map(
        (await index.chunks(ids)).map(chunk => [
          chunk.id,
          { id: chunk.id, pageContent: chunk.text, metadata: { ...chunk.metadata, chunk } },
        ]),
      ),
  }
}

export interface LangchainVectorStoreOptions {
  store: VectorStore
  embeddings: LcEmbeddings
  shelf: Shelf
}

/** A VectorStore as LangChain's; scores are cosines, filters are those of VectorStore. */
export const langchainVectorStore = (
  core: LangChain,
  { store, embeddings, shelf }: LangchainVectorStoreOptions,
): LcVectorStore =>
  new (class RoadmapVectorStore extends core.VectorStore {
    _vectorstoreType(): string {
      return `roadmap-${store.kind}`
    }

    async addVectors(
      vectors: number[][],
      documents: LcDocument[],
      options: { ids?: string[] } = {},
    ): Promise<string[]> {
      const ids = documents.map((document, i) => options.ids?.[i] ?? document.id ?? randomUUID())
      await shelf.put(new Map(documents.map((document, i) => [ids[i], { ...document, id: ids[i] }])))
      await store.upsert(
        vectors.map((vector, i) => ({
          id: ids[i],
          vector: Float32Array.from(vector),
          metadata: filterableOf(documents[i]),
        })),
      )
      return ids
    }

    async addDocuments(documents: LcDocument[], options: { ids?: string[] } = {}): Promise<string[]> {
      const vectors = await embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent))
      return this.addVectors(vectors, documents, options)
    }

    async delete({ ids }: { ids: string[] }): Promise<void> {
      await shelf.remove(ids)
      await store.delete(ids)
    }

    async similaritySearchVectorWithScore(
      vector: number[],
      k: number,
      filter?: Filter,
    ): Promise<[LcDocument, number][]> {
      const hits = await store.search(Float32Array.from(vector), { k, filter })
      const documents = await shelf.get(hits.map(({ id }) => id))
      return hits.flatMap(({ id, score }): [LcDocument, number][] => {
        const document = documents.get(id)
        return document ? [[new core.Document(document), score]] : []
      })
    }
  })(embeddings, {}) as unknown as LcVectorStore

/** What a filter can ask for: texts, numbers, truth values and lists of texts. */
const filterableOf = ({ metadata }: LcDocument): Filterable =>
  Object.fromEntries(
    Object.entries(metadata).filter(
      (entry): entry is [string, Filterable[string]] =>
        ["string", "number", "boolean"].includes(typeof entry[1]) ||
        (Array.isArray(entry[1]) && entry[1].every(item => typeof item === "string")),
    ),
  )
