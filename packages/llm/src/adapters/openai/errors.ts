import { type ErrorCode, isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai"
import { withFailure } from "../../failure.ts"
import type { Provider } from "./provider.ts"

/** What the calls of one provider need to name their errors. */
export type Named = Pick<Provider, "name" | "address" | "secrets" | "credential">

/**
 * A failure of the library as an error of this project. The provider's sentence is kept, without the secrets that it may
 * repeat; the library's own error is not, because it holds the answer's body and headers.
 */
export const toProviderError = (error: unknown, provider: Named, model: string): RoadmapError => {
  if (isRoadmapError(error)) return error
  const make = (code: ErrorCode, message: string, hint: string, retryable = false) =>
    new RoadmapError(code, withoutSecrets(message, provider.secrets), { hint, retryable })
  if (error instanceof APIConnectionTimeoutError)
    return make("TIMEOUT", `${provider.address} did not answer in time.`, "Try again later.", true)
  if (error instanceof APIConnectionError)
    return make(
      "UNREACHABLE",
      `${provider.address} cannot be reached: ${rootOf(error)}.`,
      "Check the address and the network; roadmap doctor tries both.",
      true,
    )
  if (!(error instanceof APIError)) {
    if (isBrokenConnection(error))
      return make("UNREACHABLE", `${provider.address} broke off its answer.`, "Ask again.", true)
    const said = error instanceof Error ? error.message : String(error)
    return make(
      "SERVICE_FAILED",
      `${provider.address} gave no answer of its protocol: ${said}`,
      "Check that the address is that of an OpenAI-compatible API (it ends with /v1).",
      true,
    )
  }
  const known = byStatus(error, provider, model, make)
  const requestId = error.requestID ?? undefined
  return withFailure(known, {
    ...(error.status !== undefined && { status: error.status }),
    ...(requestId !== undefined && { requestId }),
    ...retryAfterOf(error.headers),
  })
}

type Make = (code: ErrorCode, message: string, hint: string, retryable?: boolean) => RoadmapError

const byStatus = (error: APIError, provider: Named, model: string, make: Make): RoadmapError => {
  const { status, code } = error
  const type = String(error.type ?? "")
  const said = sentenceOf(error)
  const id = `${provider.name}/${model}`
  if (status === 401 || status === 403)
    return make(
      "AUTH_FAILED",
      `${provider.address} refuses the credentials (${status}): ${said}`,
      `Check ${provider.credential}.`,
    )
  if (status === 404)
    return make(
      "NOT_FOUND",
      `${provider.address} has no model ${model}: ${said}`,
      "Check the name of the model or deployment.",
    )
  if (status === 429) {
    const spent = code === "insufficient_quota"
    return make(
      "RATE_LIMITED",
      `${id} refuses more requests for now: ${said}`,
      spent
        ? "The account's quota is used up: raise it, or wait for the next month."
        : "Wait, or ask for a higher limit.",
      !spent,
    )
  }
  const text = `${code ?? ""} ${type} ${said}`
  if (status === 413 || /context_length_exceeded|exceed_context_size|maximum context length/i.test(text))
    return make(
      "LIMIT_EXCEEDED",
      `The request is too long for ${id}: ${said}`,
      "Send fewer passages or a shorter history.",
    )
  if (code === "content_filter" || type === "content_filter")
    return make(
      "CONTENT_FILTERED",
      `${id} refuses the question by its content filter${categoriesOf(error)}.`,
      "Put the question in other words.",
    )
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 409)
    return make(
      "INVALID_INPUT",
      `${id} refuses the request (${status}): ${said}`,
      "Correct the request's parameters.",
    )
  return make(
    "SERVICE_FAILED",
    `${id} failed${status === undefined ? "" : ` (${status})`}: ${said}`,
    "Try again later.",
    true,
  )
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or OpenAI's own in milliseconds. */
export const retryAfterOf = (headers: Headers | undefined, now = Date.now()): { retryAfterMs?: number } => {
  const milliseconds = Number(headers?.get("retry-after-ms") ?? Number.NaN)
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return { retryAfterMs: milliseconds }
  const value = headers?.get("retry-after")?.trim()
  if (!value) return {}
  const wait = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(wait) ? { retryAfterMs: Math.max(0, wait) } : {}
}

/** The provider's own words, on one line, at most 300 characters. HTML pages of a proxy are no words. */
const sentenceOf = (error: APIError): string => {
  const body = error.error as { message?: unknown } | undefined
  const text = typeof body?.message === "string" ? body.message : error.message
  const line = text.replaceAll(/\s+/g, " ").trim()
  return /<html|<!doctype/i.test(line) ? "an HTML page" : line.slice(0, 300)
}

/** Azure names what it found: innererror.content_filter_result.{category}.filtered. */
const categoriesOf = (error: APIError): string => {
  const body = error.error as { innererror?: { content_filter_result?: Record<string, unknown> } } | undefined
  const names = filteredIn(body?.innererror?.content_filter_result)
  return names.length > 0 ? ` (${names.join(", ")})` : ""
}

/** The categories of a content filter's result on which it acted. */
export const filteredIn = (results: object | undefined): string[] =>
  Object.entries(results ?? {})
    .filter(([, result]) => (result as { filtered?: unknown } | null)?.filtered === true)
    .map(([category]) => category)

const withoutSecrets = (text: string, secrets: readonly string[]): string => {
  let safe = text
  for (const secret of secrets) if (secret !== "") safe = safe.replaceAll(secret, "[redacted]")
  // What looks like a key or a token of someone else's, too.
  return safe.replaceAll(/\b(sk-|eyJ)[\w.*-]{8,}/g, "[redacted]")
}

const isBrokenConnection = (error: unknown): boolean =>
  error instanceof TypeError && /terminated|fetch failed|other side closed/i.test(error.message)

const rootOf = (error: Error): string => {
  let root: unknown = error
  while (root instanceof Error && root.cause !== undefined) root = root.cause
  if (root instanceof AggregateError) root = root.errors[0]
  const { code, message } = root as NodeJS.ErrnoException
  return code ?? message ?? "unknown"
}
