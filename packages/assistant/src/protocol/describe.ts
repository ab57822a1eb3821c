import type { Assistant } from "@roadmap/rag/answers/assistant"
import { longestQuestion } from "@roadmap/rag/answers/question"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import type { FastifyInstance } from "fastify"
import type { Uploads } from "../documents/uploads.ts"

export interface Described {
  assistant: Assistant
  index: DocumentIndex
  uploads?: Uploads
  notes: readonly string[]
  examples: readonly string[]
}

/** GET /v1/assistant: what answers here, from what, with which limits; the page shows it before the first question. */
export const addDescription = (routes: FastifyInstance, described: Described): void => {
  const { assistant, index, uploads, notes, examples } = described
  routes.get("/v1/assistant", async () => {
    const { documents, chunks, bySource } = await index.stats()
    return {
      answeredBy: assistant.answeredBy,
      retrieval: index.dense ? "hybrid" : "lexical",
      embedder: index.binding.embedder,
      documents,
      chunks,
      sources: bySource,
      notes,
      examples,
      limits: {
        questionCharacters: longestQuestion,
        ...(uploads && {
          uploads: {
            extensions: uploads.extensions,
            bodyBytes: uploads.limits.bodyBytes,
            files: uploads.limits.files,
            documents: uploads.limits.documents,
          },
        }),
      },
    }
  })
}
