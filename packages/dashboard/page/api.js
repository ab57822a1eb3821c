import { readEvents } from "./event-stream.js"

/** @import { AnswerView, PassageView } from "@roadmap/assistant/ask/view" */
/** @import { Citation } from "@roadmap/rag/answer" */

/**
 * @typedef {{ type: "passages", passages: PassageView[], searchedFor: string[] }
 *   | { type: "text", text: string }
 *   | { type: "citation", citation: Citation }
 *   | { type: "done", answer: AnswerView }} AskEvent
 *
 * @typedef {object} Description
 * @property {string} answeredBy
 * @property {"hybrid" | "lexical"} retrieval
 * @property {string} embedder
 * @property {number} documents
 * @property {number} chunks
 * @property {Record<string, { documents: number, chunks: number }>} sources
 * @property {string[]} notes
 * @property {string[]} examples
 * @property {{ questionCharacters: number, uploads?: { extensions: string[], bodyBytes: number, files: number, documents: number } }} limits
 *
 * @typedef {{ id: string, source: string, uri: string, title: string, format: string, length: number }} DocumentEntry
 * @typedef {DocumentEntry & { start: number, end: number, text: string }} DocumentText
 */

/** A refusal or failure, in the server's words where it had any. */
export class Failure extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {string} [hint]
   */
  constructor(code, message, hint) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

const tokenKey = "roadmap-token"

/** @param {string} token */
export const useToken = token => sessionStorage.setItem(tokenKey, token)

/** @returns {Record<string, string>} */
const authorization = () => {
  const token = sessionStorage.getItem(tokenKey)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** @returns {Promise<Description>} */
export const describeAssistant = async () => (await call("/v1/assistant")).json()

/**
 * @param {string} source
 * @returns {Promise<DocumentEntry[]>}
 */
export const listDocuments = async source => {
  /** @type {DocumentEntry[]} */
  const all = []
  for (let after = ""; ; ) {
    const page = after === "" ? "" : `&after=${encodeURIComponent(after)}`
    const answer = await call(`/v1/documents?limit=1000&source=${encodeURIComponent(source)}${page}`)
    const { documents, next } = await answer.json()
    all.push(...documents)
    if (next === undefined) return all
    after = next
  }
}

/**
 * @param {string} id
 * @param {number} start
 * @param {number} end
 * @returns {Promise<DocumentText>}
 */
export const readDocument = async (id, start, end) =>
  (await call(`/v1/documents/${encodeURIComponent(id)}?start=${start}&end=${end}`)).json()

/** @param {string} id */
export const deleteDocument = id => call(`/v1/documents/${encodeURIComponent(id)}`, { method: "DELETE" })

/**
 * The events of an answer, the last of which is `done`. Throws Failure.
 *
 * @param {{ question: string, history: { question: string, answer: string }[], filter?: object }} ask
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<AskEvent>}
 */
export async function* ask(ask, signal) {
  const answer = await call("/v1/ask", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify({ ...ask, stream: true }),
    signal,
  })
  let done = false
  try {
    for await (const { event, data } of readEvents(bytesOf(answer))) {
      const body = JSON.parse(data)
      if (event === "error") throw failureOf(body)
      done ||= event === "done"
      yield { type: event, ...body }
    }
  } catch (error) {
    throw error instanceof Failure || signal.aborted ? error : cut()
  }
  if (!done) throw cut()
}

const cut = () => new Failure("UNREACHABLE", "The connection broke before the answer was whole.")

/**
 * Sends one file; resolves when it is in the index. Throws Failure.
 *
 * @param {File} file
 * @param {(share: number) => void} onProgress 0 to 1 of the bytes sent.
 * @returns {Promise<{ documents: DocumentEntry[], skipped: { name: string, code: string, reason: string }[] }>}
 */
export const uploadFile = (file, onProgress) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("POST", "/v1/documents")
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value)
    request.responseType = "json"
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onProgress(total > 0 ? loaded / total : 0),
    )
    request.upload.addEventListener("load", () => onProgress(1))
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(request.response)
      else reject(failureOf(request.response))
    })
    request.addEventListener("error", () => reject(gone()))
    const form = new FormData()
    form.append("file", file)
    request.send(form)
  })

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
const call = async (path, init = {}) => {
  /** @type {Response} */
  let answer
  try {
    answer = await fetch(path, { ...init, headers: { ...init.headers, ...authorization() } })
  } catch (error) {
    throw init.signal?.aborted ? error : gone()
  }
  if (answer.ok) return answer
  throw failureOf(await answer.json().catch(() => undefined))
}

const gone = () =>
  new Failure(
    "UNREACHABLE",
    "The server does not answer.",
    "Is it still running? Start it again: roadmap dashboard",
  )

/** @param {{ error?: { code: string, message: string, hint?: string } } | undefined} body */
const failureOf = body =>
  body?.error
    ? new Failure(body.error.code, body.error.message, body.error.hint)
    : new Failure("SERVICE_FAILED", "The server gave an answer that this page does not understand.")

/**
 * @param {Response} answer
 * @returns {AsyncGenerator<Uint8Array>}
 */
async function* bytesOf({ body }) {
  const reader = body?.getReader()
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}
