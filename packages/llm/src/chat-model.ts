/**
 * Port: a model that continues a conversation. The nouns are those of OpenAI's chat completions
 * (https://platform.openai.com/docs/api-reference/chat), which Azure OpenAI, llama.cpp, vLLM and Ollama speak too.
 */
export interface ChatModel {
  /** Provider and model, for traces and prices: "azure/gpt-4o-mini". */
  readonly id: string
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number
  /**
   * Streams an answer. The last chunk has `finish`, with the usage, also when the stream was cut short or aborted (then
   * the usage is an estimate and says so). Throws RoadmapError: AUTH_FAILED, RATE_LIMITED, TIMEOUT, UNREACHABLE,
   * SERVICE_FAILED, LIMIT_EXCEEDED (the prompt does not fit), INVALID_INPUT, NOT_FOUND (no such model), CONTENT_FILTERED
   * (the prompt is refused), INTERRUPTED (aborted before anything was asked). Tokens of a stream that failed: failureOf().
   */
  stream(request: ChatRequest, signal?: AbortSignal): AsyncIterable<ChatChunk>
}

export interface ChatRequest {
  messages: readonly ChatMessage[]
  /** 0 to 2. */
  temperature?: number
  topP?: number
  /** Upper limit of the answer, tokens. */
  maxTokens?: number
  stop?: readonly string[]
  seed?: number
  tools?: readonly ToolDefinition[]
  toolChoice?: "auto" | "none" | "required"
  /** The answer is one JSON document of this schema. */
  jsonSchema?: { name: string; schema: Record<string, unknown> }
}

export type ChatMessage =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string; toolCalls?: readonly ToolCall[] }
  | { role: "tool"; content: string; toolCallId: string }

export interface ToolDefinition {
  name: string
  description: string
  /** JSON Schema of the arguments. */
  parameters: Record<string, unknown>
}

export interface ToolCall {
  id: string
  name: string
  /** JSON text as the model wrote it: check it before use. */
  arguments: string
}

export interface ChatChunk {
  /** What to append to the answer. */
  text?: string
  finish?: Finish
}

export interface Finish {
  reason: "stop" | "length" | "tool-calls" | "content-filter" | "aborted"
  usage: Usage
  /** As the provider names it: may be more exact than what was asked for. */
  model: string
  toolCalls?: readonly ToolCall[]
  /** Categories on which the provider's content filter acted. */
  filtered?: readonly string[]
}

export interface Usage {
  promptTokens: number
  completionTokens: number
  /** Of the prompt's tokens, those read from the provider's cache. */
  cachedTokens?: number
  /** True when counted here because the provider did not say. */
  estimated: boolean
}
