import type {} from "@azure/openai/types"
import type { ChatCompletionChunk } from "openai/resources/index"
import type { ChatRequest, Finish, ToolCall, Usage } from "../../chat-model.ts"
import { estimateMessages, estimateTokens } from "../../tokens.ts"
import { filteredIn } from "./errors.ts"

const reasons: Record<string, Finish["reason"]> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
}

/** Gathers the pieces of one streamed answer (https://platform.openai.com/docs/api-reference/chat-streaming). */
export const createAnswer = (request: ChatRequest, id: string) => {
  let text = ""
  let begun = false
  let model: string | undefined
  let reason: Finish["reason"] | undefined
  let usage: Usage | undefined
  const calls: { id: string; name: string; arguments: string }[] = []
  const filtered = new Set<string>()

  const estimate = (): Usage => ({
    promptTokens: estimateMessages(request.messages),
    completionTokens: estimateTokens(text + calls.map(call => call.name + call.arguments).join("")),
    estimated: true,
  })
  const finished = (why: Finish["reason"], used: Usage, toolCalls: readonly ToolCall[]): Finish => ({
    reason: why,
    usage: used,
    model: model ?? id,
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(filtered.size > 0 && { filtered: [...filtered] }),
  })
  return {
    /** True as soon as anything of the answer came. */
    get begun() {
      return begun
    },
    /** Takes one piece in; returns the text that it adds. */
    take(chunk: ChatCompletionChunk): string {
      begun = true
      if (chunk.model) model = chunk.model
      if (chunk.usage) usage = usageOf(chunk.usage)
      // Azure: the prompt's results come first, without a choice; the answer's with the pieces they are about.
      for (const { content_filter_results } of chunk.prompt_filter_results ?? [])
        for (const name of filteredIn(content_filter_results)) filtered.add(name)
      const choice = chunk.choices?.[0]
      if (!choice) return ""
      for (const name of filteredIn(choice.content_filter_results)) filtered.add(name)
      if (choice.finish_reason) reason = reasons[choice.finish_reason] ?? "stop"
      for (const delta of choice.delta?.tool_calls ?? []) {
        calls[delta.index ?? 0] ??= { id: "", name: "", arguments: "" }
        const call = calls[delta.index ?? 0]
        if (delta.id) call.id = delta.id
        call.name += delta.function?.name ?? ""
        call.arguments += delta.function?.arguments ?? ""
      }
      const added = choice.delta?.content ?? ""
      text += added
      return added
    },
    /** Undefined when the provider never said that the answer is complete. */
    finish(): Finish | undefined {
      if (reason === undefined) return undefined
      const toolCalls = calls.filter(Boolean)
      // Some servers say "stop" after tool calls.
      const why = toolCalls.length > 0 && reason === "stop" ? "tool-calls" : reason
      return finished(why, usage ?? estimate(), toolCalls)
    },
    /** Half-streamed tool calls are left out: nobody may act on them. */
    aborted: (): Finish => finished("aborted", usage ?? estimate(), []),
    estimate,
  }
}

const usageOf = (usage: NonNullable<ChatCompletionChunk["usage"]>): Usage => {
  const cached = usage.prompt_tokens_details?.cached_tokens
  return {
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    ...(typeof cached === "number" && { cachedTokens: cached }),
    estimated: false,
  }
}
