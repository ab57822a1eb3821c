import { join } from "node:path"
import type { ChatModel, ChatRequest } from "@roadmap/llm/chat-model"
import { fitContext } from "@roadmap/llm/context"
import { loadPrompt, type PromptVersion } from "@roadmap/llm/prompts/prompt"
import type { Retrieved } from "../retriever.ts"
import { neutralised } from "./untrusted.ts"

const promptFile = join(import.meta.dirname, "prompts", "answer.md")

/**
 * The request that asks a model for an answer: as many of the passages as fit its context, fenced, the marks of chats in
 * them broken. Throws LIMIT_EXCEEDED when not even the question fits.
 */
export const answerPrompt = async ({
  id: modelId,
  contextWindow,
  passages,
  question,
}: Pick<ChatModel, "id" | "contextWindow"> & {
  passages: readonly Pick<Retrieved, "chunk">[]
  question: string
}): Promise<ChatRequest & { prompt: PromptVersion }> => {
  const prompt = await loadPrompt(promptFile)
  const { temperature, maxTokens = 400 } = prompt.hints
  const bare = prompt.render({ question, passages: [] }).messages
  const fitted = fitContext({
    modelId,
    contextWindow,
    system: bare.map(({ content }) => content).join("\n"),
    passages: passages.map(({ chunk }, i) => ({
      id: i + 1,
      title: [chunk.title, ...chunk.headings.filter(heading => heading !== chunk.title)].join(" > "),
      text: neutralised(chunk.text),
    })),
    question,
    reserve: maxTokens,
    perPassage: 60,
  })
  return { ...prompt.render({ question, passages: fitted.passages }), temperature, maxTokens }
}
