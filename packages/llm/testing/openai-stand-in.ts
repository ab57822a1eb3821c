import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { hashingEmbedder } from "./hashing-embedder.ts"
import { chunksOf } from "./stand-in-answers.ts"

export interface Refusal {
  status: number
  headers?: Record<string, string>
  body?: unknown
  html?: boolean
}

/** How the stand-in misbehaves at one request. */
export type Fault =
  | Refusal
  | { stall: "before the first piece" | "in mid answer" }
  | { cut: "socket" | "cleanly" | "before the first piece" }
  | { malformed: true }
  | { filtered: "answer" }

export interface SeenRequest {
  path: string
  headers: IncomingMessage["headers"]
  body: Record<string, unknown>
  /** True when the client went away before the answer was complete. */
  closedEarly: boolean
}

export interface OpenAiStandIn extends AsyncDisposable {
  url: string
  seen: SeenRequest[]
  /** Faults of the next requests, in order. */
  faults: Fault[]
  /** Milliseconds between two pieces of an answer. */
  pieceMs: number
}

export interface StandInOptions {
  dialect: "openai" | "azure"
  /** The key or token that it takes. */
  secret: string
  /** Tokens (a word each) of prompt and answer. Default 2,000. */
  contextWindow?: number
}

/**
 * A stand-in for OpenAI and Azure OpenAI: it speaks the published protocol of chat completions and embeddings (paths,
 * headers, streamed pieces, usage, error bodies) and understands nothing. It is no proof about the real services.
 */
export const startOpenAiStandIn = async (options: StandInOptions): Promise<OpenAiStandIn> => {
  const { dialect, secret, contextWindow = 2_000 } = options
  const standIn = { seen: [] as SeenRequest[], faults: [] as Fault[], pieceMs: 0 }
  const server = createServer(async (request, response) => {
    const raw = await text(request)
    const body = (raw === "" ? {} : JSON.parse(raw)) as Record<string, unknown>
    const seen = { path: request.url ?? "", headers: request.headers, body, closedEarly: false }
    standIn.seen.push(seen)
    response.on("close", () => {
      seen.closedEarly = !response.writableEnded
    })
    const fault = standIn.faults.shift()
    if (fault && "status" in fault) return refuse(response, fault)
    if (!isAllowed(request, dialect, secret))
      return refuse(response, {
        status: 401,
        body: {
          error: { message: `Incorrect API key provided: ${secretOf(request)}.`, code: "invalid_api_key" },
        },
      })
    const route = routeOf(request.url ?? "", dialect)
    if (route === "models")
      return json(response, 200, { data: [{ id: "stand-in", meta: { n_ctx: contextWindow } }] })
    if (route === "embeddings") return embeddings(response, body)
    if (route !== "chat")
      return json(response, 404, {
        error: { message: `Unknown path or deployment: ${request.url}`, code: "DeploymentNotFound" },
      })
    await chat(response, body, fault, standIn.pieceMs, contextWindow, dialect)
  })
  server.listen(0, "127.0.0.1")
  await new Promise(resolve => server.once("listening", resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  })
}

const secretOf = ({ headers }: IncomingMessage): string =>
  String(headers["api-key"] ?? headers.authorization?.replace(/^Bearer /, "") ?? "")

/** Azure takes a key in a header of its own or a Microsoft Entra token as bearer; OpenAI a bearer key. */
const isAllowed = (request: IncomingMessage, dialect: "openai" | "azure", secret: string): boolean =>
  (dialect === "azure" || request.headers["api-key"] === undefined) && secretOf(request) === secret

const routeOf = (path: string, dialect: "openai" | "azure"): "chat" | "embeddings" | "models" | undefined => {
  const url = new URL(path, "http://stand-in")
  const [, name] =
    dialect === "azure"
      ? (/^\/openai\/deployments\/[\w.-]+\/(chat\/completions|embeddings)$/.exec(url.pathname) ?? [])
      : (/^\/v1\/(chat\/completions|embeddings|models)$/.exec(url.pathname) ?? [])
  if (dialect === "azure" && !url.searchParams.has("api-version")) return undefined
  return name === "chat/completions" ? "chat" : (name as "embeddings" | "models" | undefined)
}

const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { "content-type": "application/json", "x-request-id": "req-1", ...headers })
  response.end(JSON.stringify(body))
}

const refuse = (response: ServerResponse, { status, headers, body, html }: Refusal) => {
  if (!html) return json(response, status, body ?? { error: { message: `stand-in says ${status}` } }, headers)
  response.writeHead(status, { "content-type": "text/html" })
  response.end("<!doctype html><html><body>Bad gateway</body></html>")
}

const embeddings = async (response: ServerResponse, body: Record<string, unknown>) => {
  const input = body.input as string[]
  const vectors = await hashingEmbedder({ dimensions: 32 }).embed(input)
  // Not of length 1 and not in order: the protocol promises neither.
  const data = vectors.map((vector, index) => ({
    index,
    object: "embedding",
    embedding: [...vector].map(v => v * 3),
  }))
  json(response, 200, {
    object: "list",
    data: data.reverse(),
    model: body.model,
    usage: { prompt_tokens: 1, total_tokens: 1 },
  })
}

const chat = async (
  response: ServerResponse,
  body: Record<string, unknown>,
  fault: Exclude<Fault, Refusal> | undefined,
  pieceMs: number,
  contextWindow: number,
  dialect: "openai" | "azure",
): Promise<void> => {
  const messages = body.messages as { content: string }[]
  const prompt = messages.flatMap(({ content }) => (content ?? "").split(/\s+/)).length
  if (prompt > contextWindow) {
    const message = `This model's maximum context length is ${contextWindow} tokens; the messages have ${prompt}.`
    return json(response, 400, {
      error: { message, type: "invalid_request_error", code: "context_length_exceeded" },
    })
  }
  response.writeHead(200, { "content-type": "text/event-stream", "x-request-id": "req-1" })
  response.flushHeaders()
  if (fault && "stall" in fault && fault.stall === "before the first piece") return
  if (fault && "cut" in fault && fault.cut === "before the first piece") return void response.end()
  const filtered = fault !== undefined && "filtered" in fault
  const chunks = chunksOf(body, prompt, { azure: dialect === "azure", filtered })
  for (const [i, chunk] of chunks.entries()) {
    if (response.destroyed) return
    if (i === 3 && fault && "stall" in fault) return
    if (i === 3 && fault && "cut" in fault) {
      // What was written is on its way first: otherwise nothing of the answer has begun.
      await new Promise(resolve => setTimeout(resolve, 20))
      if (fault.cut === "cleanly") response.end()
      else response.destroy()
      return
    }
    if (i === 3 && fault && "malformed" in fault) response.write("data: {this is no JSON\n\n")
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    if (pieceMs > 0) await new Promise(resolve => setTimeout(resolve, pieceMs))
  }
  response.end("data: [DONE]\n\n")
}
