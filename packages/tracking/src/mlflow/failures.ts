import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import type { Endpoint } from "./endpoint.ts"

/** What went wrong with one attempt of a call, and what that means for another attempt. */
export interface Failure {
  error: RoadmapError
  /** Another attempt may succeed. */
  again: boolean
  /** The server may have done what it was asked, though no answer came. */
  maybeDone: boolean
  /** Milliseconds that the server asked to wait. */
  retryAfter?: number
  /** MLflow's own name of the error. */
  errorCode?: string
}

/** An answer that is no success. */
export interface BadAnswer {
  status: number
  headers: Record<string, unknown>
  text: string
}

/** Codes of MLflow (mlflow/protos/databricks.proto, ErrorCode) in this project's. */
const codes: Record<string, ErrorCode> = {
  RESOURCE_DOES_NOT_EXIST: "NOT_FOUND",
  NOT_FOUND: "NOT_FOUND",
  RESOURCE_ALREADY_EXISTS: "ALREADY_EXISTS",
  ALREADY_EXISTS: "ALREADY_EXISTS",
  RESOURCE_CONFLICT: "ALREADY_EXISTS",
  INVALID_PARAMETER_VALUE: "INVALID_INPUT",
  BAD_REQUEST: "INVALID_INPUT",
  MALFORMED_REQUEST: "INVALID_INPUT",
  INVALID_STATE: "INVALID_INPUT",
  RESOURCE_LIMIT_EXCEEDED: "LIMIT_EXCEEDED",
  PERMISSION_DENIED: "AUTH_FAILED",
  UNAUTHENTICATED: "AUTH_FAILED",
  CUSTOMER_UNAUTHORIZED: "AUTH_FAILED",
}

/** The failure that an answer with a bad status, or of no known form, is. `what` names the call: "runs/create". */
export const failureOfAnswer = (endpoint: Endpoint, what: string, answer: BadAnswer): Failure => {
  const { status } = answer
  const body = errorBody(answer.text)
  const said = redact(endpoint, body?.message ?? "")
    .slice(0, 500)
    .replace(/\.$/, "")
  const full = /disk is full|no space left on device|disk quota exceeded/i.test(answer.text)
  const retryAfter = retryAfterOf(answer.headers["retry-after"])
  const failure = (code: ErrorCode, message: string, details: { hint?: string; again?: boolean } = {}) => ({
    error: new RoadmapError(code, message, { hint: details.hint, retryable: details.again ?? false }),
    again: details.again ?? false,
    maybeDone: status >= 500 && status !== 503,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(body && { errorCode: body.error_code }),
  })
  const at = `MLflow at ${endpoint.baseUrl}`
  if (status === 401 || status === 403 || codes[body?.error_code ?? ""] === "AUTH_FAILED")
    return failure("AUTH_FAILED", `${at} refused ${what} (${status})${said && `: ${said}`}.`, {
      hint:
        endpoint.kind === "databricks"
          ? "Check DATABRICKS_HOST and DATABRICKS_TOKEN, and what the token's user may do."
          : "Check MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; a 403 in plain text may be the server's list of allowed hosts.",
    })
  if (full)
    return failure("DISK_FULL", `The disk of ${at} is full: ${what} was not done.`, {
      hint: "Free space on the server, then run the same command again.",
    })
  if (status === 429)
    return failure("SERVICE_FAILED", `${at} asked for patience (429) at ${what}.`, {
      hint: "Try again later, or ask for a higher limit.",
      again: true,
    })
  if (status >= 500)
    return failure(
      "SERVICE_FAILED",
      `${at} failed at ${what} (${status})${said ? `: ${said}.` : kindOf(answer)}`,
      { hint: "The server's log has more.", again: status !== 501 },
    )
  if (body) {
    const code = codes[body.error_code] ?? (status === 409 ? "ALREADY_EXISTS" : "INVALID_INPUT")
    return failure(code, said ? `${said}.` : `${at} refused ${what} (${status}, ${body.error_code}).`)
  }
  if (status === 409) return failure("ALREADY_EXISTS", `${at} answered 409 to ${what}.`)
  return failure("SERVICE_FAILED", `${at} answered ${status} to ${what}${kindOf(answer)}`, {
    hint: "Is MLFLOW_TRACKING_URI the address of an MLflow server, and of nothing in front of it?",
  })
}

/** The failure that a broken connection is. */
export const failureOfConnection = (endpoint: Endpoint, what: string, thrown: unknown): Failure => {
  const { code = "", message = String(thrown) } = thrown as { code?: string; message?: string }
  const unsent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(code)
  const tls = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code)
  const why = redact(endpoint, code || message)
  return {
    error: new RoadmapError(
      "UNREACHABLE",
      `MLflow at ${endpoint.baseUrl} gave no answer to ${what} (${why}).`,
      {
        hint: tls
          ? "For a certificate of your own authority set NODE_EXTRA_CA_CERTS."
          : "Is the server running, and MLFLOW_TRACKING_URI its address?",
        retryable: !tls,
      },
    ),
    again: !tls,
    maybeDone: !unsent && !tls,
  }
}

export const failureOfTimeout = (endpoint: Endpoint, what: string, ms: number): Failure => ({
  error: new RoadmapError(
    "TIMEOUT",
    `MLflow at ${endpoint.baseUrl} did not finish its answer to ${what} within ${ms / 1000} s.`,
    { hint: "Try again, or raise MLFLOW_HTTP_REQUEST_TIMEOUT (seconds).", retryable: true },
  ),
  again: true,
  maybeDone: true,
})

/** Text without the endpoint's secrets. */
export const redact = (endpoint: Endpoint, text: string): string =>
  endpoint.secrets.reduce((left, secret) => (secret ? left.replaceAll(secret, "[secret]") : left), text)

/** Seconds or a date (RFC 9110, 10.2.3), as milliseconds from now. */
export const retryAfterOf = (header: unknown, now = Date.now()): number | undefined => {
  if (typeof header !== "string" || header.trim() === "") return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

const errorBody = (text: string): { error_code: string; message: string } | undefined => {
  if (!text.trimStart().startsWith("{")) return undefined
  try {
    const { error_code, message } = JSON.parse(text) as { error_code?: unknown; message?: unknown }
    return typeof error_code === "string"
      ? { error_code, message: typeof message === "string" ? message : "" }
      : undefined
  } catch {
    // Half an answer, or another program's: its status alone is used.
    return undefined
  }
}

const kindOf = ({ headers, text }: BadAnswer): string => {
  const type = String(headers["content-type"] ?? "").split(";")[0]
  return text === "" ? "." : ` with ${type || "text"} that is not MLflow's.`
}
