import type { Filter } from "../filter.ts"
import type { Retrieved, Retriever } from "../retriever.ts"
import type { LangChain, LcDocument, Runnable } from "./load.ts"

export type LcRetriever = Runnable<string, LcDocument[]>

export interface LangchainRetrieverOptions {
  /** Default 6. */
  k?: number
  filter?: Filter
}

/** A Retriever as LangChain's: passages become Documents whose metadata says where they stand and how they were found. */
export const langchainRetriever = (
  core: LangChain,
  retriever: Retriever,
  { k = 6, filter }: LangchainRetrieverOptions = {},
): LcRetriever =>
  new (class RoadmapRetriever extends core.BaseRetriever {
    readonly lc_namespace = ["roadmap", "retrievers"]

    async _getRelevantDocuments(query: string): Promise<LcDocument[]> {
      const found = await retriever.retrieve(query, { k, filter })
      return found.map(passage => new core.Document(toDocument(passage)))
    }
  })({}) as unknown as LcRetriever

const toDocument = ({ chunk, score, scores }: Retrieved): LcDocument => ({
  id: chunk.id,
  pageContent: chunk.text,
  metadata: { ...chunk.metadata, chunk: { ...chunk }, score, scores },
})

/** The passage that a Document of this retriever was made of; undefined for a Document from elsewhere. */
export const toPassage = ({ metadata }: LcDocument): Retrieved | undefined => {
  const { chunk, score, scores } = metadata as Partial<Retrieved>
  return chunk && typeof score === "number" && scores ? { chunk, score, scores } : undefined
}
