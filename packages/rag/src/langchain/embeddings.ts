import type { Embedder } from "@roadmap/llm/embedder"
import type { LangChain } from "./load.ts"

export interface LcEmbeddings {
  embedDocuments(texts: string[]): Promise<number[][]>
  embedQuery(text: string): Promise<number[]>
}

/** An Embedder as LangChain's Embeddings: texts and questions are embedded alike, to vectors of length 1. */
export const langchainEmbeddings = ({ Embeddings }: LangChain, embedder: Embedder): LcEmbeddings =>
  new (class RoadmapEmbeddings extends Embeddings implements LcEmbeddings {
    async embedDocuments(texts: string[]): Promise<number[][]> {
      return (await embedder.embed(texts)).map(vector => [...vector])
    }

    async embedQuery(text: string): Promise<number[]> {
      return [...(await embedder.embed([text]))[0]]
    }
  })({})
