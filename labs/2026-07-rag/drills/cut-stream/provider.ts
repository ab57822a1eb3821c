import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { sleep } from "@roadmap/core/async"
import { type Scripted, scripted } from "./questions.ts"

export interface ScriptedProvider extends AsyncDisposable {
  /** As OPENAI_BASE_URL would hold it. */
  readonly baseUrl: string
  /** Requests by question. */
  readonly requests: ReadonlyMap<string, number>
  /** Questions whose answer was said to its end. */
  readonly finished: ReadonlySet<string>
}

/** A healthy answer begins after this, and a word comes every `wordMs`. */
const firstWordMs = 80
const wordMs = 25

/**
 * A stand-in for a provider that speaks OpenAI's chat completions, on 127.0.0.1: it knows the questions of this drill, says
 * what was written down for each, word by word, and fails in the ways that providers fail. It understands nothing.
 */
export const startScriptedProvider = async ({ well }: { well: boolean }): Promise<ScriptedProvider> => {
  const requests = new Map<string, number>()
  const finished = new Set<string>()
  const over = new AbortController()
  const server = createServer((request, response) => {
    const answering = answer(request, response, { well, requests, finished, signal: over.signal })
    // The service has left, or the drill is over: nobody reads any more.
    answering.catch(() => response.destroy())
  })
  await new Promise<void>(resolve => {
    server.listen(0, "127.0.0.1", resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    finished,
    async [Symbol.asyncDispose]() {
      over.abort()
      server.closeAllConnections()
      await new Promise(resolve => {
        server.close(resolve)
      })
    },
  }
}

interface Scene {
  well: boolean
  requests: Map<string, number>
  finished: Set<string>
  signal: AbortSignal
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { well, requests, finished, signal }: Scene,
): Promise<void> => {
  const asked = await bodyOf(request)
  const scene = scripted.find(({ question }) => asked.includes(question))
  if (!scene) return refuse(response, 400, "This stand-in knows the questions of its drill only.")
  const times = (requests.get(scene.question) ?? 0) + 1
  requests.set(scene.question, times)
  const trouble = well ? "none" : scene.trouble
  if (trouble === "refuses" || (trouble === "refuses once" && times === 1))
    return refuse(response, 503, "The engine is overloaded.")
  if (trouble === "never begins") await sleep(3_600_000, signal)
  await sleep(firstWordMs, signal)
  response.writeHead(200, { "content-type": "text/event-stream" })
  const words = scene.says.match(/\S+\s*/g) ?? []
  // In the middle of the second sentence.
  const spoken = trouble === "none" || trouble === "refuses once" ? words.length : firstSentence(scene) + 3
  for (const word of words.slice(0, spoken)) {
    send(response, { delta: { content: word }, finish_reason: null })
    await sleep(wordMs, signal)
  }
  if (trouble === "stalls") await sleep(3_600_000, signal)
  if (trouble === "breaks off") return void response.destroy()
  if (trouble === "ends early") return void response.end()
  send(response, { delta: {}, finish_reason: "stop" })
  response.end("data: [DONE]\n\n")
  finished.add(scene.question)
}

const firstSentence = ({ says }: Scripted): number => says.slice(0, says.indexOf(". ") + 1).split(" ").length

const send = (response: ServerResponse, choice: { delta: object; finish_reason: string | null }): void => {
  const chunk = {
    id: "scripted",
    object: "chat.completion.chunk",
    created: 0,
    model: "scripted",
    choices: [{ index: 0, ...choice }],
  }
  response.write(`data: ${JSON.stringify(chunk)}\n\n`)
}

const refuse = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify({ error: { message, type: "server_error", code: null } }))
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const { messages }: { messages: { content: string }[] } = JSON.parse(Buffer.concat(parts).toString("utf8"))
  return messages.map(({ content }) => content).join("\n")
}
