import { join } from "node:path"
import type { ChatMessage, ChatModel } from "@roadmap/llm/chat-model"
import { collect } from "@roadmap/llm/collect"
import { loadPrompt } from "@roadmap/llm/prompts/prompt"
import { terms } from "../lexical/analyze.ts"
import { lookBack } from "./follow-up.ts"
import type { Turn } from "./question.ts"

/** Characters of each turn that a follow-up may be about. */
const longestSaid = 600

const promptFile = join(import.meta.dirname, "prompts", "follow-up.md")

/**
 * The question as a model understands it after the conversation. What comes back is used only when it is one line of
 * words from the conversation; otherwise undefined. Throws what the model throws.
 */
export const rewriteByModel = async (
  chatModel: ChatModel,
  question: string,
  history: readonly Turn[],
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const prompt = await loadPrompt(promptFile)
  const turns = history.slice(-lookBack)
  const said = turns.flatMap((turn): ChatMessage[] => [
    { role: "user", content: turn.question.slice(0, longestSaid) },
    { role: "assistant", content: turn.answer.slice(0, longestSaid) },
  ])
  const { messages } = prompt.render({ history: said, question })
  const { text } = await collect(
    chatModel.stream(
      { messages, temperature: prompt.hints.temperature, maxTokens: prompt.hints.maxTokens },
      signal,
    ),
  )
  const rewritten = text
    .trim()
    .replace(/^(?:standalone )?question:\s*/i, "")
    .replace(/^["']|["']$/g, "")
  const known = new Set([question, ...turns.flatMap(turn => [turn.question, turn.answer])].flatMap(terms))
  const own = terms(rewritten)
  const fits =
    own.length > 0 &&
    rewritten.length <= 400 &&
    !rewritten.includes("\n") &&
    own.filter(term => known.has(term)).length >= 0.7 * own.length &&
    terms(question).some(term => own.includes(term))
  return fits ? rewritten : undefined
}
