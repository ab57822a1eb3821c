import { toRoadmapError } from "@roadmap/core/errors"
import type { AnswerEvent } from "@roadmap/rag/answer"
import { collectAnswer } from "@roadmap/rag/answers/assistant"
import type { FastifyInstance } from "fastify"
import { errorBody } from "../protocol/errors.ts"
import { type Answering, answerEvents, begin } from "./answering.ts"
import { eventStream, serverSentEvent } from "./events.ts"
import { readAsk } from "./question.ts"
import { viewAnswer, viewEvent } from "./view.ts"

/**
 * POST /v1/ask: the whole answer as JSON, or its events as they come (passages, text, citation, done) when the body
 * has `stream: true` or Accept prefers `text/event-stream`. A failure after the first event is the event `error`.
 */
export const addAsk = (routes: FastifyInstance, answering: Answering): void => {
  routes.post("/v1/ask", async (request, reply) => {
    const ask = readAsk(request.body)
    const events = answerEvents(answering, ask, request, reply)
    if (!(ask.stream ?? acceptsEvents(request.headers.accept)))
      return { answer: viewAnswer(await collectAnswer(events)) }
    const started = await begin(events)
    reply.header("content-type", "text/event-stream; charset=utf-8").header("cache-control", "no-store")
    return reply.send(eventStream(asText(started)))
  })
}

async function* asText(events: AsyncIterable<AnswerEvent>): AsyncGenerator<string> {
  try {
    for await (const event of events) yield serverSentEvent(viewEvent(event), event.type)
  } catch (error) {
    yield serverSentEvent(errorBody(toRoadmapError(error)), "error")
  }
}

const acceptsEvents = (accept = ""): boolean => /(^|,)\s*text\/event-stream\s*($|[,;])/i.test(accept)
