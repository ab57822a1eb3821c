import { sleep, throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import type { ChatChunk, ChatModel, ChatRequest, Finish, ToolCall } from "../src/chat-model.ts"

/** What the stand-in says to one request: a text, or a text with its way of coming or failing. */
export type ScriptedAnswer =
  | string
  | {
      text?: string
      /** The text as it arrives; default: word by word. */
      pieces?: readonly string[]
      toolCalls?: readonly ToolCall[]
      finish?: Finish["reason"]
      /** Thrown before the first piece. */
      failBefore?: RoadmapError
      /** Thrown after so many pieces. */
      failAfter?: { pieces: number; error: RoadmapError }
    }

export interface ScriptedChatModel extends ChatModel {
  /** What it was asked, in order. */
  readonly requests: readonly ChatRequest[]
}

/**
 * A stand-in for a chat model: it says what the test wrote down and understands nothing. Answers of a list are given in
 * order; asking once more than it has is the test's mistake (INVALID_INPUT). An abort ends the stream with `aborted`.
 */
export const scriptedChatModel = (
  answers: readonly ScriptedAnswer[] | ((request: ChatRequest) => ScriptedAnswer),
  options: { id?: string; contextWindow?: number; pieceMs?: number } = {},
): ScriptedChatModel => {
  const { id = "scripted-stand-in", contextWindow = 8_192, pieceMs = 0 } = options
  const requests: ChatRequest[] = []
  const answerTo = (request: ChatRequest): Exclude<ScriptedAnswer, string> => {
    const answer = typeof answers === "function" ? answers(request) : answers[requests.length - 1]
    if (answer === undefined)
      throw new RoadmapError("INVALID_INPUT", `The script has ${answers.length} answers; this is one more.`)
    return typeof answer === "string" ? { text: answer } : answer
  }
  return {
    id,
    contextWindow,
    requests,
    async *stream(request, signal): AsyncGenerator<ChatChunk> {
      throwIfAborted(signal)
      requests.push(request)
      const { text = "", pieces = text.match(/\s*\S+\s*$|\s*\S+/g) ?? [], ...answer } = answerTo(request)
      if (answer.failBefore) throw answer.failBefore
      const words = (all: readonly string[]) =>
        all
          .join(" ")
          .split(/\s+/)
          .filter(word => word !== "").length
      const finish = (reason: Finish["reason"], said: number): ChatChunk => ({
        finish: {
          reason,
          usage: {
            promptTokens: words(request.messages.map(message => message.content)),
            completionTokens: words(pieces.slice(0, said)),
            estimated: reason === "aborted",
          },
          model: id,
          ...(answer.toolCalls && reason !== "aborted" && { toolCalls: answer.toolCalls }),
        },
      })
      for (const [said, piece] of pieces.entries()) {
        if (answer.failAfter?.pieces === said) throw answer.failAfter.error
        try {
          if (pieceMs > 0) await sleep(pieceMs, signal)
          throwIfAborted(signal)
        } catch (error) {
          if (!isRoadmapError(error, "INTERRUPTED")) throw error
          yield finish("aborted", said)
          return
        }
        yield { text: piece }
      }
      if (answer.failAfter && answer.failAfter.pieces >= pieces.length) throw answer.failAfter.error
      yield finish(answer.finish ?? (answer.toolCalls ? "tool-calls" : "stop"), pieces.length)
    },
  }
}
