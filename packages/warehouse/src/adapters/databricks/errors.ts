import { type ErrorCode, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { OperationStatus, Status } from "./wire.ts"

/** Where a call went, for messages. Never the token. */
export interface Place {
  readonly host: string
  readonly httpPath: string
}

/**
 * A statement's failure under the project's codes, by its SQLSTATE
 * (https://docs.databricks.com/error-messages/sqlstates.html): class 42 is the statement's fault (an absent table
 * apart), everything else happened while it ran.
 */
export const statementError = (failed: Status | OperationStatus): RoadmapError => {
  const text = failed.displayMessage || failed.errorMessage || "The warehouse gave no reason."
  const state = failed.sqlState || /SQLSTATE: (\w{5})/.exec(text)?.[1] || ""
  const message = sentenceOf(text)
  const coded = (code: ErrorCode, hint?: string, retryable = false) =>
    new RoadmapError(code, message, { hint, retryable, cause: failed })
  if (state === "42P01" || /^\[?(TABLE_OR_VIEW|SCHEMA|CATALOG|NO_SUCH_\w+)_NOT_FOUND/.test(errorClass(text)))
    return coded("TABLE_MISSING", "Run the step that makes this table first.")
  if (state === "42501") return coded("PERMISSION", "Ask the owner of the catalog or schema for this right.")
  if (state === "42P07") return coded("ALREADY_EXISTS")
  if (state.startsWith("42")) return coded("SQL_INVALID")
  // Another transaction was first, or the warehouse ran out of something for now.
  return coded("SQL_FAILED", undefined, state === "40001" || state === "2D521" || state.startsWith("53"))
}

const errorClass = (text: string): string => /\[([A-Z][A-Z0-9_.]+)\]/.exec(text)?.[1] ?? ""

/** The sentence after the error class; exception names, SQLSTATE and the drawn plan stay in the cause. */
const sentenceOf = (text: string): string => {
  const found = [...text.matchAll(/\[[A-Z][A-Z0-9_.]+\] ?([^\n]+)/g)].map(([, sentence]) => sentence)
  const sentence = found.findLast(each => !/^(org|java|scala|com)\./.test(each)) ?? text.trim().split("\n")[0]
  return sentence.replace(/\s*SQLSTATE: .*$/, "").trim()
}

/** What went wrong between this process and the warehouse, as the client's HTTP layer throws it. */
export const transportError = (error: unknown, place: Place): RoadmapError => {
  if (error instanceof RoadmapError) return error
  const { host } = place
  const details = error as {
    statusCode?: number
    code?: string
    type?: string | number
    message?: string
    name?: string
  }
  const coded = (code: ErrorCode, text: string, hint: string, retryable = false) =>
    new RoadmapError(code, text, { hint, retryable, cause: error })

  if (typeof details.statusCode === "number") return httpError(details.statusCode, error, place)
  const code = details.code ?? ""
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return coded(
      "UNREACHABLE",
      `There is no host ${host}.`,
      "Check DATABRICKS_HOST and this machine's network.",
      code === "EAI_AGAIN",
    )
  if (tls.test(code) || tls.test(details.message ?? ""))
    return coded(
      "UNREACHABLE",
      `${host} shows a certificate that this machine does not trust (${code || details.message}).`,
      "Behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to its certificate.",
    )
  if (connection.has(code) || /socket hang up|premature close|aborted/i.test(details.message ?? ""))
    return coded(
      "UNREACHABLE",
      `${host} cannot be reached (${code || details.message}).`,
      "Check the network, then run the same command again.",
      true,
    )
  if (
    details.type === "request-timeout" ||
    details.type === "body-timeout" ||
    details.message === "Request timed out"
  )
    return coded("TIMEOUT", `${host} gave no answer in time.`, "Run the same command again.", true)
  if (/readMessageBegin|protocol version|unknown RPC/i.test(details.message ?? ""))
    return coded(
      "SERVICE_FAILED",
      `${host} answers, but not as a SQL warehouse does.`,
      "Check DATABRICKS_HOST; a proxy or a sign-in page may answer in its place.",
    )
  return toRoadmapError(error)
}

/** What went wrong with a file of a volume: its statement, the cloud storage behind it, or the way there. */
export const transferError = (error: unknown, place: Place): RoadmapError => {
  const { response, message } = error as { response?: Partial<OperationStatus>; message?: string }
  if (typeof response?.operationState === "number") return statementError(response)
  if (/^(HTTP error|Staging|Local file)/.test(message ?? ""))
    return new RoadmapError("SQL_FAILED", `The volume did not take or give the file: ${message}.`, {
      hint: "Check that this user may write to the volume, and that its cloud storage can be reached from here.",
      cause: error,
    })
  return transportError(error, place)
}

const tls = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO|certificate/
const connection = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
])

const httpError = (status: number, error: unknown, { host, httpPath }: Place): RoadmapError => {
  const coded = (code: ErrorCode, text: string, hint: string, retryable = false) =>
    new RoadmapError(code, text, { hint, retryable, cause: error })
  if (status === 401 || status === 403)
    return coded(
      "AUTH_FAILED",
      `${host} refuses the token (${status}).`,
      "Check DATABRICKS_TOKEN: it may be wrong, expired, or lack the right to use this warehouse.",
    )
  if (status === 404 || status === 400 || status === 405)
    return coded(
      "CONFIG_INVALID",
      `${host} knows no warehouse at ${httpPath} (${status}).`,
      "Copy DATABRICKS_HTTP_PATH from the warehouse's connection details.",
    )
  if (status === 413)
    return coded("LIMIT_EXCEEDED", `The statement is too long for ${host}.`, "Send less in one statement.")
  if (status >= 300 && status < 400)
    return coded(
      "SERVICE_FAILED",
      `${host} answers, but not as a SQL warehouse does (${status}).`,
      "Check DATABRICKS_HOST; a proxy or a sign-in page may answer in its place.",
    )
  return coded(
    "SERVICE_FAILED",
    `${host} cannot answer now (${status}).`,
    "Wait a little, then run the same command again.",
    true,
  )
}

/** True when the warehouse did not begin the call, so that sending it again cannot do anything twice. */
export const neverBegan = (error: RoadmapError): boolean => {
  const cause = error.cause as { code?: string; statusCode?: number } | undefined
  return (
    cause?.statusCode === 429 ||
    cause?.statusCode === 503 ||
    cause?.code === "ECONNREFUSED" ||
    cause?.code === "ENOTFOUND" ||
    cause?.code === "EAI_AGAIN"
  )
}

/** True while a stopped warehouse starts, or when it has too much to do. */
export const isBusy = (error: RoadmapError): boolean => {
  const status = (error.cause as { statusCode?: number } | undefined)?.statusCode
  return status === 429 || status === 503
}
