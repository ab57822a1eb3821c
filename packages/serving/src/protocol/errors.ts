import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { httpStatusOf } from "../operate/status.ts"
import { type Problem, type Refusal, unsupportedType } from "../validate/refusal.ts"

/** The body of every answer that is no success. `error` is Open Inference's name for the message. */
export interface ErrorBody {
  readonly error_code: string
  readonly message: string
  readonly details?: readonly ErrorDetail[]
}

/** Where a value does not fit; null where a problem is of no one row or column. */
export interface ErrorDetail {
  readonly row: number | null
  readonly column: string | null
  readonly expected: string
  readonly got: string
}

export const refuse = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void => {
  send(request, reply, refusal.status, refusal.errorCode, refusal.message, refusal.details)
}

/** Answers errors, unknown routes and wrong methods, all in one form and without a stack. */
export const addErrorAnswers = (app: FastifyInstance): void => {
  const methodsOf = new Map<string, Set<string>>()
  app.addHook("onRoute", ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsOf.set(url, methods)
  })
  const answerNoRoute = (request: FastifyRequest, reply: FastifyReply): void => {
    const [path] = request.url.split("?")
    const methods = [...methodsOf].flatMap(([route, each]) => (matches(route, path) ? [...each] : []))
    const shown = path.slice(0, 200)
    if (methods.length === 0) {
      send(request, reply, 404, "ENDPOINT_NOT_FOUND", `There is no route ${request.method} ${shown}.`)
      return
    }
    reply.header("allow", [...new Set(methods)].join(", "))
    send(
      request,
      reply,
      405,
      "METHOD_NOT_ALLOWED",
      `${shown} takes ${methods.join(", ")}, not ${request.method}.`,
    )
  }
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (isRoadmapError(error)) return failed(request, reply, error)
    // A body of no known type on a route that is not there: the route is what is wrong.
    if (request.is404) return answerNoRoute(request, reply)
    const { statusCode = 500, code } = error
    if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" || code === "FST_ERR_CTP_INVALID_CONTENT_TYPE")
      return refuse(
        request,
        reply,
        unsupportedType(request.headers["content-type"], ["application/json", "text/csv"]),
      )
    if (statusCode === 413)
      return send(
        request,
        reply,
        413,
        "REQUEST_LIMIT_EXCEEDED",
        "The body is larger than this server takes; send fewer rows at once.",
      )
    if (statusCode >= 400 && statusCode < 500)
      return send(request, reply, statusCode, "BAD_REQUEST", error.message)
    failed(request, reply, new RoadmapError("INTERNAL", error.message, { cause: error }))
  })
  app.setNotFoundHandler(answerNoRoute)
}

/** Who asked for a model that is not there. */
export const unknownModel = (name: string, known: readonly string[]): RoadmapError =>
  new RoadmapError("NOT_FOUND", `There is no model "${name.slice(0, 100)}" here.`, {
    hint: `This server has ${known.join(", ")}.`,
  })

/**
 * A failure of ours is logged with its cause (by the telemetry hook, which sees the error) and shown without.
 */
const failed = (request: FastifyRequest, reply: FastifyReply, error: RoadmapError): void => {
  request.failure = error
  const status = httpStatusOf(error)
  const message =
    error.code === "INTERNAL"
      ? "The server failed to answer; its log has the reason under this request's id."
      : error.hint === undefined
        ? error.message
        : `${error.message} ${error.hint}`
  send(
    request,
    reply,
    status,
    errorCodes[error.code] ?? (status >= 500 ? "INTERNAL_ERROR" : "BAD_REQUEST"),
    message,
  )
}

/** This project's codes in the words of MLflow's and Databricks' REST interfaces. */
const errorCodes: Partial<Record<RoadmapError["code"], string>> = {
  INVALID_INPUT: "INVALID_PARAMETER_VALUE",
  SCHEMA_MISMATCH: "INVALID_PARAMETER_VALUE",
  NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  LIMIT_EXCEEDED: "REQUEST_LIMIT_EXCEEDED",
  AUTH_FAILED: "UNAUTHENTICATED",
  TIMEOUT: "DEADLINE_EXCEEDED",
  OVERLOADED: "TEMPORARILY_UNAVAILABLE",
  RATE_LIMITED: "REQUEST_LIMIT_EXCEEDED",
  UNREACHABLE: "TEMPORARILY_UNAVAILABLE",
  SERVICE_FAILED: "TEMPORARILY_UNAVAILABLE",
}

const send = (
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  errorCode: string,
  message: string,
  problems: readonly Problem[] = [],
): void => {
  const details: ErrorDetail[] = problems.map(({ row, column, expected, got }) => ({
    row: row ?? null,
    column: column ?? null,
    expected,
    got,
  }))
  const isOpenInference = request.url.startsWith("/v2/")
  void reply.code(status).send({
    ...(isOpenInference && { error: message }),
    error_code: errorCode,
    message,
    ...(details.length > 0 && { details }),
  })
}

/** Whether a path is of a route such as /models/:name/invocations. */
const matches = (route: string, path: string): boolean => {
  const [wanted, given] = [route.split("/"), path.split("/")]
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith(":") || part === given[i])
  )
}
