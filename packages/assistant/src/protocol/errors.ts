import { type ErrorCode, isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { isOpenAiRoute, openAiErrorBody } from "../openai/errors.ts"
import { messageOf, statusOf } from "./status.ts"

/** The body of every answer that is no success, and the data of the event `error`. */
export interface ErrorBody {
  readonly error: { code: ErrorCode; message: string; hint?: string; retryable: boolean }
}

export const errorBody = (error: RoadmapError): ErrorBody => {
  const { code, hint, retryable } = error
  return { error: { code, message: messageOf(error), ...(hint && { hint }), retryable } }
}

/** Answers errors and unknown routes: OpenAI's routes in OpenAI's form, all others in this project's. */
export const addErrorAnswers = (app: FastifyInstance): void => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    answerError(request, reply, isRoadmapError(error) ? error : ofFastify(error, request))
  })
  app.setNotFoundHandler((request, reply) => {
    const [path] = request.url.split("?")
    answerError(
      request,
      reply,
      new RoadmapError("NOT_FOUND", `There is no route ${request.method} ${path.slice(0, 200)}.`, {
        hint: "GET /openapi.json lists the routes.",
      }),
    )
  })
}

const answerError = (request: FastifyRequest, reply: FastifyReply, error: RoadmapError): void => {
  request.failure = error
  const status = statusOf(error)
  if ((status === 429 || status === 503) && !reply.hasHeader("retry-after")) reply.header("retry-after", "1")
  const body = isOpenAiRoute(request.url) ? openAiErrorBody(error, status) : errorBody(error)
  void reply.code(status).send(body)
}

const ofFastify = (error: FastifyError, request: FastifyRequest): RoadmapError => {
  const { statusCode = 500 } = error
  if (statusCode === 413)
    return new RoadmapError(
      "LIMIT_EXCEEDED",
      `The body is larger than the ${request.routeOptions.bodyLimit} bytes that this route takes.`,
      { hint: "Send less." },
    )
  if (statusCode === 415)
    return new RoadmapError("INVALID_INPUT", "The body is of a content type that this route does not take.", {
      hint: "Send application/json, or multipart/form-data to upload documents.",
    })
  if (statusCode >= 400 && statusCode < 500) return new RoadmapError("INVALID_INPUT", error.message)
  return toRoadmapError(error)
}
