import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import type { Answer } from "@roadmap/rag/answer"
import { collectAnswer, createAssistant } from "@roadmap/rag/answers/assistant"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { type IndexReceipt, indexSources } from "@roadmap/rag/ingest/index-sources"
import { defaultRetriever } from "@roadmap/rag/retrieve/default"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import { drillSources } from "../documents.ts"

const open = ({ home }: Pick<Config, "home">): Promise<WritableIndex> =>
  openDocumentIndex(join(home, "state", "rag", "drill"), { chunker: markdownChunker() })

/** Brings the index to what is in the documents folder. */
export const indexDocuments = async (config: Pick<Config, "home">): Promise<IndexReceipt> => {
  await using index = await open(config)
  return await indexSources(index, drillSources(config))
}

/** Asks the index as it is: nothing is indexed. */
export const askDocuments = async (
  config: Pick<Config, "home">,
  questions: readonly string[],
): Promise<Answer[]> => {
  await using index = await open(config)
  const assistant = createAssistant({ index, retriever: defaultRetriever(index) })
  const answers: Answer[] = []
  for (const question of questions) answers.push(await collectAnswer(assistant.ask(question)))
  return answers
}

export const indexedDocuments = async (config: Pick<Config, "home">): Promise<string[]> => {
  await using index = await open(config)
  return (await index.documents({ limit: 1_000 })).map(({ id }) => id)
}
