import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { messageOf } from "../protocol/status.ts"

/** An error as OpenAI's API says it (https://platform.openai.com/docs/guides/error-codes). */
export interface OpenAiErrorBody {
  readonly error: { message: string; type: string; param: string | null; code: string | null }
}

/** What clients of OpenAI look at beside the message. */
interface Reason {
  readonly param: string | null
  readonly as: string
}

const reasons = new WeakMap<RoadmapError, Reason>()

/** A refusal with the parameter and the code that clients of OpenAI know. */
export const openAiRefusal = (code: ErrorCode, message: string, reason: Reason): RoadmapError => {
  const error = new RoadmapError(code, message)
  reasons.set(error, reason)
  return error
}

const codes: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: "invalid_api_key",
  RATE_LIMITED: "rate_limit_exceeded",
  LIMIT_EXCEEDED: "context_length_exceeded",
  NOT_FOUND: "not_found",
}

export const openAiErrorBody = (error: RoadmapError, status: number): OpenAiErrorBody => {
  const { param, as } = reasons.get(error) ?? { param: null, as: codes[error.code] ?? null }
  const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error"
  const hint = error.hint === undefined ? "" : ` ${error.hint}`
  return { error: { message: `${messageOf(error)}${hint}`, type, param, code: as } }
}

export const isOpenAiRoute = (url: string): boolean =>
  url.startsWith("/v1/chat/") || url === "/v1/models" || url.startsWith("/v1/models/")
