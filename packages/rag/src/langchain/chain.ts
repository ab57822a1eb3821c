import type { ChatModel } from "@roadmap/llm/chat-model"
import type { Answer } from "../answer.ts"
import { type AssistantParts, collectAnswer, createAssistant } from "../answers/assistant.ts"
import { answerPrompt } from "../answers/prompt.ts"
import type { Retrieved, Retriever } from "../retriever.ts"
import { type LcChatModel, toLangchainMessages } from "./chat-model.ts"
import type { LangChain, LcDocument, Runnable } from "./load.ts"
import { type LcRetriever, toPassage } from "./retriever.ts"

export interface JulyChainParts extends Pick<AssistantParts, "index" | "calibration" | "unsupported"> {
  /** Of langchainRetriever, over the same index. */
  retriever: LcRetriever
  /** Without one the extractive answerer is the last link. */
  chatModel?: { model: LcChatModel; id: string; contextWindow: number }
}

interface Found {
  question: string
  documents: LcDocument[]
}

/**
 * July's chain once more, in LangChain's expression language: retriever, then the extractive answerer as a runnable; or
 * retriever, prompt file, model, parser, and the platform's check as the last runnable. The check is the same code as in
 * createAssistant, so questions are declined and citations found alike.
 */
// #region chain
export const julyChain = (core: LangChain, parts: JulyChainParts): Runnable<string, Answer> => {
  const { RunnableLambda, RunnablePassthrough, StringOutputParser } = core
  const { chatModel, retriever } = parts
  const search = RunnableLambda.from(
    async (question: string, config): Promise<Found> => ({
      question,
      documents: await retriever.invoke(question, config),
    }),
  )
  if (!chatModel)
    return search.pipe(RunnableLambda.from((found: Found, config) => answerFrom(parts, found, config)))

  const prompt = RunnableLambda.from(async (found: Found) => {
    const passages = passagesOf(found)
    const { messages } = await answerPrompt({ ...chatModel, passages, question: found.question })
    return toLangchainMessages(core, messages)
  })
  const draft = prompt.pipe(chatModel.model).pipe(new StringOutputParser())
  const check = RunnableLambda.from((drafted: Found & { draft: string }, config) =>
    answerFrom(parts, drafted, config, said(chatModel.id, drafted.draft)),
  )
  return search
    .pipe(RunnablePassthrough.assign({ draft }) as Runnable<Found, Found & { draft: string }>)
    .pipe(check)
}
// #endregion

const answerFrom = (
  { index, calibration, unsupported }: JulyChainParts,
  found: Found,
  config?: { signal?: AbortSignal },
  chatModel?: ChatModel,
): Promise<Answer> => {
  const retriever: Retriever = { name: "langchain", retrieve: async () => passagesOf(found) }
  const assistant = createAssistant({ index, retriever, calibration, unsupported, chatModel })
  return collectAnswer(assistant.ask(found.question, { signal: config?.signal }))
}

const passagesOf = ({ documents }: Found): Retrieved[] =>
  documents.flatMap(document => toPassage(document) ?? [])

/** What a LangChain model has said, as the ChatModel that says it: its sentences go through the same check. */
const said = (id: string, text: string): ChatModel => ({
  id,
  contextWindow: Number.MAX_SAFE_INTEGER,
  async *stream() {
    yield { text }
    yield {
      finish: { reason: "stop", model: id, usage: { promptTokens: 0, completionTokens: 0, estimated: true } },
    }
  },
})
