import { RoadmapError } from "@roadmap/core/errors"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import { learnedReranker } from "@roadmap/rag/rerank/learned"
import { rerankWeights } from "@roadmap/rag/rerank/weights"
import { defaultFusion } from "@roadmap/rag/retrieve/default"
import { createRetriever } from "@roadmap/rag/retrieve/retriever"
import type { RetrievalSystem } from "../evaluate.ts"

/** The ways of retrieval that are compared, each with one part more than another, or one less. */
export const systemNames = [
  "lexical",
  "dense",
  "hybrid",
  "lexical+rerank",
  "hybrid+rerank",
  "no-headers",
] as const

export type SystemName = (typeof systemNames)[number]

/** Those that need no vectors. */
export const lexicalSystems: readonly SystemName[] = ["lexical", "lexical+rerank"]

/** Reads "lexical,hybrid". Throws UNKNOWN_NAME. */
export const parseSystems = (text: string): SystemName[] =>
  text.split(",").map(part => {
    const name = systemNames.find(known => known === part.trim())
    if (name === undefined)
      throw new RoadmapError("UNKNOWN_NAME", `There is no mode "${part.trim()}".`, {
        hint: `The modes are ${systemNames.join(", ")}.`,
      })
    return name
  })

/** "no-headers" retrieves as "hybrid+rerank" does, from passages that were indexed without their titles and headings. */
export const createSystem = (
  name: SystemName,
  index: DocumentIndex,
  withoutHeaders: DocumentIndex | undefined,
): RetrievalSystem => {
  const from = name === "no-headers" ? (withoutHeaders ?? index) : index
  const reranked = name === "no-headers" || name.endsWith("+rerank")
  const mode = name === "dense" ? "dense" : name.startsWith("lexical") ? "lexical" : "hybrid"
  const weights = reranked ? rerankWeights(mode) : undefined
  return {
    name,
    retriever: createRetriever(from, {
      mode,
      fusion: defaultFusion,
      ...(weights && { rerank: learnedReranker(from, weights) }),
    }),
  }
}
