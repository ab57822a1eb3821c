import { randomUUID } from "node:crypto"
import { Agent as HttpAgent } from "node:http"
import { Agent as HttpsAgent } from "node:https"
import { Readable } from "node:stream"
import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import axios, { type AxiosRequestConfig, type AxiosResponse, isAxiosError } from "axios"
import type { z } from "zod"
import { Failed, repeating } from "./attempts.ts"
import type { Endpoint } from "./endpoint.ts"
import { type BadAnswer, failureOfAnswer, failureOfConnection, failureOfTimeout } from "./failures.ts"

export interface MlflowClientOptions {
  endpoint: Endpoint
  /** Milliseconds one whole answer may take; a transfer of a file: one pause within it. Default 30,000. */
  timeoutMs?: number
  /** Milliseconds for a call with all its attempts. Default 90,000. */
  deadlineMs?: number
  signal?: AbortSignal
  /** Source of the jitter. Default Math.random. */
  random?: () => number
}

/** One call. `path` follows /api/2.0/, for example "mlflow/runs/create". */
export interface Call<T> {
  method: "GET" | "POST" | "PATCH" | "DELETE"
  path: string
  query?: Record<string, string | number | readonly string[] | undefined>
  body?: unknown
  /** The form of the answer. */
  answer: z.ZodType<T>
  /**
   * What may be done when no answer came and the server may have done the work. `again`: the same call again does no
   * harm. A function looks whether it was done and gives the answer; undefined means that it was not.
   */
  lost: "again" | (() => Promise<T | undefined>)
  /** When a repeated call is NOT_FOUND, the first one did it: the answer to give then. */
  gone?: T
}

/** What is sent as a file; opened anew for each attempt. */
export interface Sent {
  size: number
  open(): AsyncIterable<Uint8Array>
}

/**
 * Speaks with one MLflow server: kept-alive connections, a time limit an attempt and a deadline a call, repeated attempts with
 * exponential back-off and full jitter (or the server's Retry-After) where repeating is safe. Every failure is a RoadmapError
 * without a secret in it: UNREACHABLE, TIMEOUT, AUTH_FAILED, SERVICE_FAILED, DISK_FULL, or what the server said as NOT_FOUND,
 * ALREADY_EXISTS, INVALID_INPUT, LIMIT_EXCEEDED; INTERRUPTED when the signal aborts.
 */
export interface MlflowClient {
  readonly endpoint: Endpoint
  /** Reads. */
  get<T>(path: string, query: Call<T>["query"], answer: z.ZodType<T>): Promise<T>
  /** Writes what may be written twice without harm. */
  post<T>(path: string, body: unknown, answer: z.ZodType<T>): Promise<T>
  call<T>(call: Call<T>): Promise<T>
  /**
   * Sends a file to a path after the base URL, its parts encoded; a broken one starts again. `beforeAgain` is called
   * before another attempt of one that may have been done, and may throw what makes another useless.
   */
  send(path: string, content: Sent, beforeAgain?: () => Promise<void>): Promise<void>
  /** Receives a file. `use` reads it, and is called anew for each attempt. */
  receive<T>(path: string, use: (body: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T>
  /** Plain text of a path of the server itself, such as /version. */
  text(path: string): Promise<string>
  close(): void
}

/** A mark on what a creation makes, so that it can be found after a lost answer. */
export const requestTag = "roadmap.request"
export const newRequestMark = (): string => randomUUID()

/** Whoever names a wrong address should not wait for long. */
const openingMs = 10_000
const answerLimit = 256 * 2 ** 20

export const createMlflowClient = (options: MlflowClientOptions): MlflowClient => {
  const { endpoint, timeoutMs = 30_000, deadlineMs = 90_000, signal, random = Math.random } = options
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 8 }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: 8 }),
  }
  const http = axios.create({
    ...agents,
    baseURL: endpoint.baseUrl,
    headers: { ...endpoint.headers, "user-agent": "ai-engineer-roadmap" },
    // A redirect would carry the token elsewhere and buffer uploads.
    maxRedirects: 0,
    maxBodyLength: Infinity,
    maxContentLength: answerLimit,
    validateStatus: () => true,
    transformResponse: (body: unknown) => body,
    ...(isLoopback(endpoint.baseUrl) && { proxy: false }),
  })

  /** One attempt, ended by the signal or the watchdog, which `alive` holds back when it is about pauses. */
  const attempt = async <T>(
    what: string,
    work: (send: (request: AxiosRequestConfig) => Promise<AxiosResponse>, alive: () => void) => Promise<T>,
  ): Promise<T> => {
    throwIfAborted(signal)
    const watchdog = new AbortController()
    const late = () => watchdog.abort(new Late())
    let timer = setTimeout(late, timeoutMs)
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(late, timeoutMs)
    }
    const stop = () => watchdog.abort()
    signal?.addEventListener("abort", stop, { once: true })
    try {
      return await work(request => http.request({ ...request, signal: watchdog.signal }), alive)
    } catch (error) {
      throwIfAborted(signal)
      if (watchdog.signal.aborted) throw new Failed(failureOfTimeout(endpoint, what, timeoutMs))
      if (error instanceof RoadmapError || error instanceof Failed) throw error
      // A source of ours that failed while it was sent.
      if (isAxiosError(error) && error.cause instanceof RoadmapError) throw error.cause
      if (isAxiosError(error) || isSocketError(error))
        throw new Failed(failureOfConnection(endpoint, what, error))
      throw error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener("abort", stop)
    }
  }

  const attempts = repeating({ deadlineMs, signal, random })

  const callOnce = async <T>({ method, path, query, body, answer, gone }: Call<T>, repeated: boolean) =>
    attempt(path, async send => {
      const response = await send({
        method,
        url: `/api/2.0/${path}`,
        params: query,
        paramsSerializer: { indexes: null },
        ...(body !== undefined && {
          data: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
        responseType: "text",
      })
      const got = answerOf(response)
      if (got.status !== 200) {
        const failure = failureOfAnswer(endpoint, path, got)
        if (repeated && gone !== undefined && failure.error.code === "NOT_FOUND") return gone
        throw new Failed(failure)
      }
      return parseAnswer(endpoint, path, got.text, answer)
    })

  const call = <T>(call: Call<T>): Promise<T> =>
    attempts(
      repeated => callOnce(call, repeated),
      async () => {
        if (call.lost === "again") return "again"
        const answer = await call.lost()
        return answer === undefined ? "again" : { answer }
      },
    )

  return {
    endpoint,
    call,
    get: (path, query, answer) => call({ method: "GET", path, query, answer, lost: "again" }),
    post: (path, body, answer) => call({ method: "POST", path, body, answer, lost: "again" }),
    send: (path, content, beforeAgain) =>
      attempts(
        () =>
          attempt(`PUT ${path}`, async (send, alive) => {
            const data = Readable.from(watched(content.open(), alive), { objectMode: false })
            const headers = { "content-type": "application/octet-stream", "content-length": content.size }
            try {
              const request: AxiosRequestConfig = { method: "PUT", url: path, data, headers }
              const answer = answerOf(await send({ ...request, responseType: "text" }))
              if (answer.status >= 300) throw new Failed(failureOfAnswer(endpoint, `PUT ${path}`, answer))
              if (answer.text.trim() !== "") parseJson(endpoint, `PUT ${path}`, answer.text)
            } finally {
              data.destroy()
            }
          }),
        async () => {
          await beforeAgain?.()
          return "again"
        },
      ),
    receive: (path, use) =>
      attempts(
        () =>
          attempt(`GET ${path}`, async (send, alive) => {
            const request: AxiosRequestConfig = { method: "GET", url: path, maxContentLength: Infinity }
            const { status, headers, data } = await send({ ...request, responseType: "stream" })
            if (status === 200) return await use(watched(data as Readable, alive))
            const answer = { status, headers, text: await firstText(data as Readable) }
            throw new Failed(failureOfAnswer(endpoint, `GET ${path}`, answer))
          }),
        async () => "again",
      ),
    text: path =>
      attempts(
        () =>
          attempt(path, async send => {
            const answer = answerOf(await send({ method: "GET", url: path, responseType: "text" }))
            if (answer.status !== 200) throw new Failed(failureOfAnswer(endpoint, path, answer))
            return answer.text
          }),
        async () => "again",
        Math.min(deadlineMs, openingMs),
      ),
    close() {
      agents.httpAgent.destroy()
      agents.httpsAgent.destroy()
    },
  }
}

/** A page of a proxy, or half an answer, is a failure to repeat. */
const parseJson = (endpoint: Endpoint, what: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = `${endpoint.baseUrl} answered ${what} with something that is not MLflow's JSON.`
    const hint = "Is MLFLOW_TRACKING_URI the address of an MLflow server, and of nothing in front of it?"
    const error = new RoadmapError("SERVICE_FAILED", message, { hint, cause })
    throw new Failed({ error, again: true, maybeDone: true })
  }
}

/** Reads an answer of status 200, which must be of MLflow's form. Throws SERVICE_FAILED. */
const parseAnswer = <T>(endpoint: Endpoint, what: string, text: string, schema: z.ZodType<T>): T => {
  const json = parseJson(endpoint, what, text)
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RoadmapError(
    "SERVICE_FAILED",
    `MLflow at ${endpoint.baseUrl} answered ${what} in another form: ${issue.path.join(".") || "it"}: ${issue.message}.`,
    { hint: "The server may be of a version that this program does not know.", cause: parsed.error },
  )
}

/** The watchdog's reason. */
class Late extends Error {}

const isSocketError = (error: unknown): boolean =>
  ["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ECONNABORTED", "ETIMEDOUT"].includes(
    (error as NodeJS.ErrnoException | undefined)?.code ?? "",
  )

const isLoopback = (url: string): boolean =>
  ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname)

/** Passes chunks on and tells that something moves. */
async function* watched(chunks: AsyncIterable<Uint8Array>, alive: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    alive()
    yield chunk
  }
}

const answerOf = ({ status, headers, data }: AxiosResponse): BadAnswer => ({
  status,
  headers,
  text: String(data ?? ""),
})

/** The start of a body, for an error's message. */
const firstText = async (body: Readable): Promise<string> => {
  let text = ""
  for await (const chunk of body) {
    text += chunk
    if (text.length > 16_384) break
  }
  return text
}
