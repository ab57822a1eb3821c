import { RoadmapError } from "@roadmap/core/errors"
import type { ChatMessage, ChatModel, ChatRequest, Finish } from "@roadmap/llm/chat-model"
import type { GenerationChunk, LangChain, LcMessage, RunManager, Runnable } from "./load.ts"

export type LcChatModel = Runnable<readonly LcMessage[], LcMessage>

/** How a call of the LangChain model is set: those of its own options that a ChatModel has too. */
interface CallOptions {
  stop?: string[]
  signal?: AbortSignal
}

/** A ChatModel as LangChain's: text in, text out, streamed, with the usage on the last piece. Tools are not passed on. */
export const langchainChatModel = (
  core: LangChain,
  chatModel: ChatModel,
  settings: Pick<ChatRequest, "temperature" | "maxTokens" | "topP" | "seed"> = {},
): LcChatModel =>
  new (class RoadmapChatModel extends core.BaseChatModel {
    _llmType(): string {
      return chatModel.id
    }

    async *_streamResponseChunks(
      messages: LcMessage[],
      { stop, signal }: CallOptions,
      runManager?: RunManager,
    ): AsyncGenerator<GenerationChunk> {
      const request = { ...settings, messages: messages.map(toChatMessage), stop }
      for await (const { text = "", finish } of chatModel.stream(request, signal)) {
        const message = new core.AIMessageChunk({ content: text, ...(finish && toMetadata(finish)) })
        const chunk = new core.ChatGenerationChunk({ text, message })
        yield chunk
        if (text !== "")
          await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk })
      }
    }

    async _generate(messages: LcMessage[], options: CallOptions) {
      let text = ""
      let finish: Finish | undefined
      const request = { ...settings, messages: messages.map(toChatMessage), stop: options.stop }
      for await (const chunk of chatModel.stream(request, options.signal)) {
        text += chunk.text ?? ""
        finish = chunk.finish ?? finish
      }
      const message = new core.AIMessage({ content: text, ...(finish && toMetadata(finish)) })
      return { generations: [{ text, message }] }
    }
  })({}) as unknown as LcChatModel

const toMetadata = ({ reason, usage, model }: Finish) => ({
  response_metadata: { finish_reason: reason, model_name: model },
  usage_metadata: {
    input_tokens: usage.promptTokens,
    output_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
  },
})

const roles: Record<string, "system" | "user" | "assistant"> = {
  system: "system",
  human: "user",
  ai: "assistant",
}

const toChatMessage = (message: LcMessage): ChatMessage => {
  const role = roles[message.getType()]
  if (role === undefined || typeof message.content !== "string")
    throw new RoadmapError(
      "INVALID_INPUT",
      `A LangChain message of type "${message.getType()}" with ${typeof message.content === "string" ? "text" : "content blocks"} cannot be passed on.`,
      { hint: "Use system, human and AI messages whose content is text." },
    )
  return { role, content: message.content }
}

/** The messages of a prompt of this project, for a LangChain model. */
export const toLangchainMessages = (core: LangChain, messages: readonly ChatMessage[]): LcMessage[] =>
  messages.map(({ role, content }) =>
    role === "system"
      ? new core.SystemMessage(content)
      : role === "assistant"
        ? new core.AIMessage({ content })
        : new core.HumanMessage(content),
  )
