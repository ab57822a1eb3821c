import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { startAssistantServer } from "@roadmap/assistant/server"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { openAiChatModel } from "@roadmap/llm/adapters/openai/chat"
import { openAiCompatible } from "@roadmap/llm/adapters/openai/provider"
import { createAssistant } from "@roadmap/rag/answers/assistant"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { indexSources } from "@roadmap/rag/ingest/index-sources"
import { defaultRetriever } from "@roadmap/rag/retrieve/default"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import { copyPinoDocs, drillSources } from "../documents.ts"
import { type ScriptedProvider, startScriptedProvider } from "./provider.ts"
import { scripted } from "./questions.ts"

/** `service.json`: what our service demands of the provider. */
export interface Service {
  /** False: answers are the documents' own sentences, nobody is asked. */
  model: boolean
  /** Milliseconds until the first piece of an answer. */
  firstTokenMs: number
  /** Milliseconds between two pieces. */
  betweenTokensMs: number
  /** Milliseconds for a whole answer. */
  wholeMs: number
  /** Requests for one question, the first included, while nothing of its answer has come. */
  attempts: number
}

/** `provider.json`: how the provider is today. It is theirs. */
export interface Provider {
  well: boolean
}

type Home = Pick<Config, "home">
const servicePath = ({ home }: Home) => join(home, "service.json")
const providerPath = ({ home }: Home) => join(home, "provider.json")
const read = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, "utf8"))
const write = (path: string, value: object) => writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`)
export const readService = (config: Home): Promise<Service> => read(servicePath(config))
export const writeService = (config: Home, service: Service): Promise<void> =>
  write(servicePath(config), service)
export const readProvider = (config: Home): Promise<Provider> => read(providerPath(config))
export const writeProvider = (config: Home, provider: Provider): Promise<void> =>
  write(providerPath(config), provider)

const openIndex = ({ home }: Home): Promise<WritableIndex> =>
  openDocumentIndex(join(home, "state", "rag", "drill"), { chunker: markdownChunker() })

export const buildIndex = async (config: Home): Promise<void> => {
  await copyPinoDocs(config)
  await using index = await openIndex(config)
  await indexSources(index, drillSources(config))
}

/** So long people look at a screen on which nothing is finished. */
export const patienceMs = 6_000

/**
 * whole: what the model said to its end, as far as the documents support it; marked: a part of it that ends with a sentence and says that it was cut; documents: the
 * documents' own sentences; half: a part that is shown as if it were whole; given up: no end of it in time.
 */
export type Fate = "whole" | "marked" | "documents" | "half" | "given up"

export interface Asked {
  question: string
  fate: Fate
  text: string
  /** How often the provider was asked. */
  requests: number
}

/** Starts provider and service, asks all questions at once, and stops both. */
export const askAll = async (config: Config, provider: Provider): Promise<Asked[]> => {
  await using standIn = await startScriptedProvider(provider)
  await using index = await openIndex(config)
  const service = await readService(config)
  const chatModel = service.model ? modelOf(standIn, service) : undefined
  const assistant = createAssistant({ index, retriever: defaultRetriever(index), chatModel })
  const server = await startAssistantServer(
    { ...config, logLevel: "silent" },
    { assistant, index, uploads: false, port: 0, drainMs: 100 },
  )
  try {
    // The first answer of a young process takes long: nobody is watching it.
    await ask(server.url, "What is this about?", 60_000)
    return await Promise.all(
      scripted.map(async ({ question }) => {
        const told = await ask(server.url, question)
        return {
          question,
          fate: fateOf(told, standIn.finished.has(question)),
          text: told?.text ?? "",
          requests: standIn.requests.get(question) ?? 0,
        }
      }),
    )
  } finally {
    await server.close()
  }
}

const modelOf = ({ baseUrl }: ScriptedProvider, service: Service) =>
  openAiChatModel(openAiCompatible({ baseUrl }), {
    model: "scripted",
    contextWindow: 8_192,
    deadlines: {
      firstTokenMs: service.firstTokenMs,
      betweenTokensMs: service.betweenTokensMs,
      wholeMs: service.wholeMs,
    },
    retries: { attempts: service.attempts, baseMs: 100 },
  })

interface Told {
  text: string
  answeredBy: string
  notes: readonly string[]
}

const ask = async (url: string, question: string, patience = patienceMs): Promise<Told | undefined> => {
  try {
    const response = await fetch(`${url}/v1/ask`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question }),
      signal: AbortSignal.timeout(patience),
    })
    return ((await response.json()) as { answer: Told }).answer
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return undefined
    throw error
  }
}

const fateOf = (told: Told | undefined, finished: boolean): Fate => {
  if (!told) return "given up"
  if (told.answeredBy === "extractive") return "documents"
  if (told.notes.some(note => note.includes("cut"))) return "marked"
  return finished ? "whole" : "half"
}
