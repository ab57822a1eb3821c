import { join } from "node:path"
import { isRoadmapError, type RoadmapError } from "@roadmap/core/errors"
import type { ChatModel } from "@roadmap/llm/chat-model"
import { loadPrompt } from "@roadmap/llm/prompts/prompt"
import { structured } from "@roadmap/llm/structured"
import { z } from "zod"
import type { Reranker, Retrieved } from "../retriever.ts"
import { inNewOrder } from "./order.ts"

export interface ChatRerankerOptions {
  /** Passages that the model is shown; those after them keep their order. Default 20. */
  shown?: number
  /** Characters of a passage that the model is shown. Default 800. */
  characters?: number
  /** Told when the model gave no order that can be used, so that the given one was kept. */
  onFallback?: (why: RoadmapError | string) => void
}

const answerSchema = z.strictObject({ order: z.array(z.number().int()) })

/**
 * Orders passages by asking a chat model for the whole list at once (RankGPT: Sun et al., EMNLP 2023). The answer is checked:
 * numbers that no passage has and repetitions are dropped, and passages that it left out follow in the order given. When
 * the model fails or names less than half of the passages, the order given is kept, `onFallback` is told why, and no
 * passage gets `scores.rerank`. Throws INTERRUPTED.
 */
export const chatReranker = (model: ChatModel, options: ChatRerankerOptions = {}): Reranker => {
  const { shown = 20, characters = 800, onFallback } = options
  const prompt = loadPrompt(join(import.meta.dirname, "prompts", "listwise.md"))
  // A prompt that cannot be read is told at the first use.
  prompt.catch(() => undefined)
  const ask = async (
    query: string,
    passages: readonly Retrieved[],
    signal?: AbortSignal,
  ): Promise<number[]> => {
    const { render, hints } = await prompt
    const { messages } = render({
      question: query,
      passages: passages.map(({ chunk }, i) => ({
        id: i + 1,
        title: titleOf(chunk),
        text: chunk.text.slice(0, characters),
      })),
    })
    const { value } = await structured(
      model,
      answerSchema,
      { messages, ...hints },
      { name: "order", ...(signal && { signal }) },
    )
    return [...new Set(value.order)].filter(number => number >= 1 && number <= passages.length)
  }
  return {
    name: `chat ${model.id}`,
    async rerank(query, passages, signal) {
      const some = passages.slice(0, shown)
      if (some.length < 2) return [...passages]
      try {
        const order = await ask(query, some, signal)
        if (2 * order.length < some.length) {
          onFallback?.(`${model.id} ordered ${order.length} of ${some.length} passages.`)
          return [...passages]
        }
        const left = [...passages.keys()].filter(i => !order.includes(i + 1))
        const inOrder = [...order.map(number => number - 1), ...left].map(i => passages[i])
        return inNewOrder(
          inOrder,
          inOrder.map((_, place) => 1 / (place + 1)),
        )
      } catch (error) {
        if (!isRoadmapError(error) || error.code === "INTERRUPTED") throw error
        onFallback?.(error)
        return [...passages]
      }
    },
  }
}

const titleOf = ({ title, headings }: Retrieved["chunk"]): string =>
  [title, ...headings].join(" > ").slice(0, 200)
