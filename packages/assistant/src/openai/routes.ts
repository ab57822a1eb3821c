import { randomUUID } from "node:crypto"
import { toRoadmapError } from "@roadmap/core/errors"
import { collectAnswer } from "@roadmap/rag/answers/assistant"
import type { FastifyInstance } from "fastify"
import { type Answering, answerEvents, begin } from "../ask/answering.ts"
import { eventStream, serverSentEvent } from "../ask/events.ts"
import { statusOf } from "../protocol/status.ts"
import { chatChunks, chatCompletion } from "./completion.ts"
import { openAiErrorBody } from "./errors.ts"
import { modelName, readChatRequest, unknownModel } from "./request.ts"

/**
 * POST /v1/chat/completions and GET /v1/models as OpenAI's API has them, so that its clients can ask this assistant.
 * Citations stand as [1] in the text and, whole, in `message.citations`.
 */
export const addChatCompletions = (routes: FastifyInstance, answering: Answering): void => {
  const started = Math.floor(Date.now() / 1000)
  const model = { id: modelName, object: "model", created: started, owned_by: "roadmap" }

  routes.get("/v1/models", () => ({ object: "list", data: [model] }))
  routes.get<{ Params: { model: string } }>("/v1/models/:model", ({ params }) => {
    if (params.model !== modelName) throw unknownModel(params.model)
    return model
  })
  routes.post("/v1/chat/completions", async (request, reply) => {
    const ask = readChatRequest(request.body)
    const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000) }
    const events = answerEvents(answering, ask, request, reply)
    if (!ask.stream) return chatCompletion(head, await collectAnswer(events))
    // The first chunk is of the answer itself: a provider that fails before it is still told by the HTTP status.
    const chunks = await begin(chatChunks(head, events, ask.includeUsage))
    reply.header("content-type", "text/event-stream; charset=utf-8").header("cache-control", "no-store")
    return reply.send(eventStream(asText(chunks)))
  })
}

async function* asText(chunks: AsyncIterable<object>): AsyncGenerator<string> {
  try {
    for await (const chunk of chunks) yield serverSentEvent(chunk)
    yield serverSentEvent("[DONE]")
  } catch (error) {
    const failure = toRoadmapError(error)
    yield serverSentEvent(openAiErrorBody(failure, statusOf(failure)))
  }
}
