import type { ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam } from "openai/resources/index"
import type { ChatMessage, ChatRequest } from "../../chat-model.ts"
import type { Provider } from "./provider.ts"

/** A request in the words of the protocol (https://platform.openai.com/docs/api-reference/chat/create). */
export const bodyOf = (
  request: ChatRequest,
  model: string,
  { maxTokensField }: Pick<Provider, "maxTokensField">,
): ChatCompletionCreateParamsStreaming => ({
  model,
  stream: true,
  stream_options: { include_usage: true },
  messages: request.messages.map(messageOf),
  ...(request.temperature !== undefined && { temperature: request.temperature }),
  ...(request.topP !== undefined && { top_p: request.topP }),
  ...(request.maxTokens !== undefined && { [maxTokensField]: request.maxTokens }),
  ...(request.stop && request.stop.length > 0 && { stop: [...request.stop] }),
  ...(request.seed !== undefined && { seed: request.seed }),
  ...(request.tools &&
    request.tools.length > 0 && {
      tools: request.tools.map(({ name, description, parameters }) => ({
        type: "function" as const,
        function: { name, description, parameters },
      })),
      ...(request.toolChoice && { tool_choice: request.toolChoice }),
    }),
  ...(request.jsonSchema && {
    response_format: {
      type: "json_schema" as const,
      json_schema: { ...request.jsonSchema, strict: isStrict(request.jsonSchema.schema) },
    },
  }),
})

const messageOf = (message: ChatMessage): ChatCompletionMessageParam => {
  if (message.role === "tool")
    return { role: "tool", content: message.content, tool_call_id: message.toolCallId }
  if (message.role !== "assistant" || !message.toolCalls?.length)
    return { role: message.role, content: message.content }
  return {
    role: "assistant",
    content: message.content,
    tool_calls: message.toolCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: "function" as const,
      function: { name, arguments: text },
    })),
  }
}

/** Strict mode takes closed objects with every property required; others are asked for without it. */
export const isStrict = (schema: unknown): boolean => {
  if (schema === null || typeof schema !== "object") return true
  if (Array.isArray(schema)) return schema.every(isStrict)
  const { type, properties, required, additionalProperties } = schema as Record<string, unknown>
  if (type === "object" || properties !== undefined) {
    const names = Object.keys((properties ?? {}) as object)
    const needed = new Set(Array.isArray(required) ? required : [])
    if (additionalProperties !== false || !names.every(name => needed.has(name))) return false
  }
  return Object.values(schema).every(isStrict)
}
