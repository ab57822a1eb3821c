import type { Answer, AnswerEvent, Citation } from "@roadmap/rag/answer"
import { modelName } from "./request.ts"

/** What OpenAI's objects have beside their own fields here: in `message`, and in the last `delta`. */
export interface Extension {
  citations: readonly Citation[]
  status: Answer["status"]
  confidence: number
}

interface Head {
  id: string
  created: number
}

/** A chat completion: https://platform.openai.com/docs/api-reference/chat/object */
export const chatCompletion = (head: Head, answer: Answer) => ({
  ...head,
  object: "chat.completion",
  model: modelName,
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: answer.text, refusal: null, ...extensionOf(answer) },
      logprobs: null,
      finish_reason: finishReason(answer),
    },
  ],
  usage: usageOf(answer),
})

/**
 * The chunks of a streamed one: https://platform.openai.com/docs/api-reference/chat/streaming. A citation comes as a
 * delta of its own when its marker has been written; the last delta has them all.
 */
export async function* chatChunks(
  head: Head,
  events: AsyncIterable<AnswerEvent>,
  includeUsage: boolean,
): AsyncGenerator<object> {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...head,
    object: "chat.completion.chunk",
    model: modelName,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(includeUsage && { usage: null }),
  })
  let begun = false
  for await (const event of events) {
    if (event.type === "passages") continue
    if (!begun) yield chunk({ role: "assistant", content: "", refusal: null })
    begun = true
    if (event.type === "text") yield chunk({ content: event.text })
    else if (event.type === "citation") yield chunk({ citations: [event.citation] })
    else {
      yield chunk(extensionOf(event.answer), finishReason(event.answer))
      if (includeUsage) yield { ...chunk({}), choices: [], usage: usageOf(event.answer) }
    }
  }
}

const extensionOf = ({ citations, status, confidence }: Answer): Extension => ({
  citations,
  status,
  confidence,
})

/** What a chat model did not finish ends as if it had met a limit; the extractive answer given instead is whole. */
const finishReason = ({ error, reason, answeredBy }: Answer): string => {
  if (reason === "content-filter") return "content_filter"
  return error === undefined || answeredBy === "extractive" ? "stop" : "length"
}

/** Zero where no language model took part: the extractive answerer reads no tokens. */
const usageOf = ({ usage }: Answer) => {
  const { promptTokens = 0, completionTokens = 0, cachedTokens } = usage ?? {}
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cachedTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedTokens } }),
  }
}
