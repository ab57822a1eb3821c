import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import { throwIfAborted } from "@roadmap/core/async"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { Failed, repeating } from "@roadmap/tracking/mlflow/attempts"
import { type Failure, retryAfterOf } from "@roadmap/tracking/mlflow/failures"
import axios, { isAxiosError } from "axios"
import type { z } from "zod"

export interface DatabricksClientOptions {
  /** `https://adb-….azuredatabricks.net`. */
  host: string
  token: string
  /** Milliseconds that one answer may take. Default 30,000. */
  timeoutMs?: number
  /** Milliseconds for a call with all its attempts. Default 90,000. */
  deadlineMs?: number
  /** Source of the jitter. Default Math.random. */
  random?: () => number
}

export interface Call<T> {
  method: "GET" | "POST" | "PUT" | "DELETE"
  path: string
  body?: unknown
  answer: z.ZodType<T>
  /**
   * Looks whether a call was done that got no clear answer: what it would have answered, or undefined when it may
   * be sent again. Absent: it may always be sent again.
   */
  done?: () => Promise<T | undefined>
  timeoutMs?: number
  signal?: AbortSignal
}

export interface Answered<T> {
  readonly answer: T
  readonly headers: Readonly<Record<string, unknown>>
}

/**
 * Speaks with one workspace. Attempts follow on 429 and 503, after Retry-After or with exponential back-off and
 * full jitter, and when the connection broke; a call that changes something is looked for first. Other failures are
 * final. No error has the token in it.
 */
export interface DatabricksClient {
  call<T>(call: Call<T>): Promise<Answered<T>>
  close(): void
}

export const createDatabricksClient = (options: DatabricksClientOptions): DatabricksClient => {
  const { token, deadlineMs = 90_000, random = Math.random } = options
  const host = options.host.replace(/\/+$/, "")
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
  }
  const http = axios.create({
    ...agents,
    baseURL: host,
    headers: { authorization: `Bearer ${token}`, "user-agent": "ai-engineer-roadmap" },
    // A redirect would carry the token elsewhere.
    maxRedirects: 0,
    maxContentLength: 256 * 2 ** 20,
    validateStatus: () => true,
    transformResponse: (body: unknown) => body,
    responseType: "text",
  })
  const hide = (text: string) => text.replaceAll(token, "[secret]")

  const once = async <T>({
    method,
    path,
    body,
    answer,
    timeoutMs,
    signal,
  }: Call<T>): Promise<Answered<T>> => {
    const limit = timeoutMs ?? options.timeoutMs ?? 30_000
    const late = AbortSignal.timeout(limit)
    const what = `${method} ${path}`
    try {
      const { status, headers, data } = await http.request({
        method,
        url: path,
        signal: signal ? AbortSignal.any([signal, late]) : late,
        ...(body !== undefined && {
          data: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      })
      const text = String(data ?? "")
      if (status >= 300 || status < 200) throw new Failed(failureOf(host, what, status, headers, hide(text)))
      return { answer: parse(host, what, text, answer), headers }
    } catch (error) {
      throwIfAborted(signal)
      if (late.aborted) throw new Failed(lateAnswer(host, what, limit))
      if (isAxiosError(error)) throw new Failed(brokenConnection(host, what, error.code, hide(error.message)))
      throw error
    }
  }

  return {
    call<T>(call: Call<T>) {
      const attempts = repeating({ deadlineMs: call.timeoutMs ?? deadlineMs, signal: call.signal, random })
      return attempts<Answered<T>>(
        () => once(call),
        async () => {
          const found = await call.done?.()
          return found === undefined ? "again" : { answer: { answer: found, headers: {} } }
        },
      )
    },
    close() {
      agents.httpAgent.destroy()
      agents.httpsAgent.destroy()
    },
  }
}

/** Codes of the platform in this project's. */
const codes: Record<string, ErrorCode> = {
  RESOURCE_DOES_NOT_EXIST: "NOT_FOUND",
  NOT_FOUND: "NOT_FOUND",
  RESOURCE_ALREADY_EXISTS: "ALREADY_EXISTS",
  ALREADY_EXISTS: "ALREADY_EXISTS",
  RESOURCE_CONFLICT: "IN_USE",
  INVALID_STATE: "IN_USE",
  INVALID_PARAMETER_VALUE: "INVALID_INPUT",
  BAD_REQUEST: "INVALID_INPUT",
  RESOURCE_LIMIT_EXCEEDED: "LIMIT_EXCEEDED",
  PERMISSION_DENIED: "AUTH_FAILED",
  UNAUTHENTICATED: "AUTH_FAILED",
}
const byStatus: Record<number, ErrorCode> = {
  400: "INVALID_INPUT",
  401: "AUTH_FAILED",
  403: "AUTH_FAILED",
  404: "NOT_FOUND",
  409: "IN_USE",
  413: "LIMIT_EXCEEDED",
  429: "RATE_LIMITED",
  504: "TIMEOUT",
}
const hints: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: "Check DATABRICKS_HOST and DATABRICKS_TOKEN, and what the token's user may do.",
  RATE_LIMITED: "Try again later, or ask for a higher limit.",
  IN_USE: "Wait until the change that is going on is complete.",
  SERVICE_FAILED: "The endpoint's logs have more.",
}

const failureOf = (
  host: string,
  what: string,
  status: number,
  headers: Record<string, unknown>,
  text: string,
): Failure => {
  const said = errorBody(text)
  const busy = status === 429 || status === 503
  const code =
    (busy ? undefined : codes[said?.error_code ?? ""]) ?? byStatus[status] ?? ("SERVICE_FAILED" as const)
  const reason = said ? `: ${said.message.slice(0, 500).replace(/\.$/, "")}` : ""
  const retryAfter = retryAfterOf(headers["retry-after"])
  return {
    error: new RoadmapError(code, `Databricks at ${host} answered ${status} to ${what}${reason}.`, {
      ...(hints[code] && { hint: hints[code] }),
      retryable: busy,
    }),
    again: busy,
    maybeDone: status === 503,
    ...(retryAfter !== undefined && { retryAfter }),
  }
}

const brokenConnection = (host: string, what: string, code = "", message: string): Failure => {
  const unsent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"].includes(code)
  const tls = /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code)
  return {
    error: new RoadmapError(
      "UNREACHABLE",
      `Databricks at ${host} gave no answer to ${what} (${code || message}).`,
      {
        hint: tls
          ? "For a certificate of your own authority set NODE_EXTRA_CA_CERTS."
          : "Check DATABRICKS_HOST.",
        retryable: !tls,
      },
    ),
    again: !tls,
    maybeDone: !unsent && !tls,
  }
}

/** It may still be working on it: to ask again would add to its load. */
const lateAnswer = (host: string, what: string, ms: number): Failure => ({
  error: new RoadmapError("TIMEOUT", `Databricks at ${host} did not answer ${what} within ${ms / 1000} s.`, {
    hint: "Look at the endpoint's state, then try again.",
    retryable: true,
  }),
  again: false,
  maybeDone: true,
})

const errorBody = (text: string): { error_code: string; message: string } | undefined => {
  try {
    const { error_code, message } = JSON.parse(text) as { error_code?: unknown; message?: unknown }
    return typeof error_code === "string" ? { error_code, message: String(message ?? "") } : undefined
  } catch {
    // A page of a proxy: its status alone is used.
    return undefined
  }
}

const parse = <T>(host: string, what: string, text: string, schema: z.ZodType<T>): T => {
  const refuse = (problem: string, cause: unknown) =>
    new RoadmapError("SERVICE_FAILED", `Databricks at ${host} answered ${what} ${problem}.`, {
      hint: "Is DATABRICKS_HOST the address of a workspace?",
      cause,
    })
  let json: unknown
  try {
    json = text === "" ? {} : JSON.parse(text)
  } catch (cause) {
    throw refuse("with something that is not JSON", cause)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refuse(`in another form: ${issue.path.join(".") || "it"}: ${issue.message}`, parsed.error)
}
