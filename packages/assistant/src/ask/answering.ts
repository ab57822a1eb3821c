import { type ErrorCode, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { AnswerEvent } from "@roadmap/rag/answer"
import type { Assistant } from "@roadmap/rag/answers/assistant"
import type { Turn } from "@roadmap/rag/answers/question"
import type { Filter } from "@roadmap/rag/filter"
import { signalOf } from "@roadmap/serving/operate/admission"
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Figures } from "../protocol/figures.ts"

/** What answers need, for all routes that give them. */
export interface Answering {
  readonly assistant: Assistant
  readonly figures: Figures
}

/**
 * The events of one answer. The work ends when the client leaves and at the request's deadline. What is thrown is said
 * from this service's side: a provider that refuses OUR key is no fault of our client.
 */
export async function* answerEvents(
  { assistant, figures }: Answering,
  { question, history, filter }: { question: string; history?: readonly Turn[]; filter?: Filter },
  request: FastifyRequest,
  reply: FastifyReply,
): AsyncGenerator<AnswerEvent> {
  const { signal, release } = signalOf(request, reply)
  const started = performance.now()
  try {
    for await (const event of assistant.ask(question, { history, filter, signal })) {
      if (event.type === "done") figures.answered(event.answer.status, performance.now() - started)
      yield event
    }
  } catch (error) {
    const failure = toServiceError(toRoadmapError(signal.aborted ? signal.reason : error))
    figures.failed(failure.code)
    request.failure = failure
    throw failure
  } finally {
    release()
  }
}

const ofProvider: Partial<Record<ErrorCode, true>> = {
  AUTH_FAILED: true,
  CONFIG_INVALID: true,
  PART_MISSING: true,
}

const toServiceError = (error: RoadmapError): RoadmapError => {
  if (error.code === "TIMEOUT")
    return new RoadmapError("TIMEOUT", "The answer was not there by the request's deadline.", {
      hint: "Ask again, or ask something shorter.",
      retryable: true,
      cause: error,
    })
  if (!ofProvider[error.code]) return error
  return new RoadmapError("SERVICE_FAILED", `The service behind this one refused: ${error.message}`, {
    hint: "Its operator has to look at the configuration: roadmap doctor",
    cause: error,
  })
}

/** Starts an iteration: resolves with its first event, or rejects while an HTTP status can still be chosen. */
export const begin = async <T>(events: AsyncIterable<T>): Promise<AsyncGenerator<T>> => {
  const iterator = events[Symbol.asyncIterator]()
  const first = await iterator.next()
  return (async function* () {
    try {
      if (first.done) return
      yield first.value
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  })()
}
