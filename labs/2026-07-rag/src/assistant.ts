import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import type { ChatModel } from "@roadmap/llm/chat-model"
import type { Embedder } from "@roadmap/llm/embedder"
import { type Assistant, createAssistant } from "@roadmap/rag/answers/assistant"
import { markdownChunker } from "@roadmap/rag/chunk/markdown"
import { type IndexReceipt, indexSources } from "@roadmap/rag/ingest/index-sources"
import { defaultRetriever } from "@roadmap/rag/retrieve/default"
import type { Retriever } from "@roadmap/rag/retriever"
import { openDocumentIndex, type WritableIndex } from "@roadmap/rag/store/open"
import { openVectorStore } from "@roadmap/rag/vector-store/open"
import { corpusNotes, projectCorpus } from "./corpus.ts"

/** The assistant over this project's documents, with what it is made of. */
export interface ProjectAssistant extends AsyncDisposable {
  assistant: Assistant
  index: WritableIndex
  retriever: Retriever
  /** What this opening changed in the index; absent when nothing was to be refreshed. */
  receipt?: IndexReceipt
  /** What a user should know, as plain sentences: what is missing, and the command that adds it. */
  notes: string[]
}

export interface ProjectAssistantOptions {
  signal?: AbortSignal
  onProgress?: (progress: { what: string; done: number; total?: number }) => void
  /** Meaning beside words, where its part is installed or an embedding model is configured. Default "if-installed". */
  neural?: "if-installed" | "never"
  /** A chat model writes the answers where one is configured. Default "if-configured". */
  chatModel?: "if-configured" | "never"
  /** Bring the index to what the documents are now; unchanged ones cost a look. Default true. */
  refresh?: boolean
  /** Empty the index first. */
  rebuild?: boolean
}

export const lexicalOnly = "Lexical search only; npx -y pnpm@12 roadmap setup neural adds meaning."

// #region composition
/**
 * Opens the project's index (one for each embedder, below `rag` in the state of the home), brings it up to date, and puts
 * retriever and answerer on it. Throws IMMUTABLE when the index was built by another chunker, and what the parts throw.
 */
export const openProjectAssistant = async (
  config: Config,
  options: ProjectAssistantOptions = {},
): Promise<ProjectAssistant> => {
  const { signal, neural = "if-installed", chatModel = "if-configured" } = options
  await using stack = new AsyncDisposableStack()
  const embedder = neural === "never" ? undefined : await openEmbedderOf(config, signal)
  if (embedder) stack.use(embedder)
  const index = await openIndex(config, { embedder, stack, rebuild: options.rebuild })
  const notes = embedder ? [] : [lexicalOnly]
  const receipt =
    options.refresh === false ? undefined : await refresh(config, index, { ...options, signal }, notes)
  notes.push(...(await corpusNotes(config)))
  const model = chatModel === "never" ? undefined : await openChatModelOf(config, signal)
  const retriever = defaultRetriever(index)
  const assistant = createAssistant({ index, retriever, chatModel: model })
  const open = stack.move()
  return { assistant, index, retriever, receipt, notes, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
// #endregion

const openEmbedderOf = async (config: Config, signal?: AbortSignal): Promise<Embedder | undefined> =>
  (await import("@roadmap/llm/open")).openEmbedder(config, { signal })

/** Without a configuration there is nothing to load: the command line answers at once. */
const openChatModelOf = async (config: Config, signal?: AbortSignal): Promise<ChatModel | undefined> => {
  if (!config.openai && !config.azureOpenai) return undefined
  const { openChatModel } = await import("@roadmap/llm/open")
  try {
    return await openChatModel(config, signal)
  } catch (error) {
    if (!isRoadmapError(error) || (error.exitCode !== 3 && error.code !== "TIMEOUT")) throw error
    return modelThatMayCome(config)
  }
}

/** A server that does not answer now is asked again with each question; until it answers, its failure is each answer's note. */
const modelThatMayCome = (config: Config): ChatModel => ({
  id: config.openai?.model ?? config.openai?.baseUrl ?? "chat-model",
  contextWindow: 4_096,
  async *stream(request, signal) {
    const { openChatModel } = await import("@roadmap/llm/open")
    const model = await openChatModel(config, signal)
    if (model) yield* model.stream(request, signal)
  },
})

const openIndex = async (
  config: Config,
  { embedder, stack, rebuild }: { embedder?: Embedder; stack: AsyncDisposableStack; rebuild?: boolean },
): Promise<WritableIndex> => {
  const name = `project-${slugOf(embedder?.id ?? "lexical")}`
  const folder = join(config.home, "state", "rag", name)
  const vectorStore =
    embedder && stack.use(await openVectorStore(config, { name, dimensions: embedder.dimensions, folder }))
  return stack.use(
    await openDocumentIndex(folder, { name, chunker: markdownChunker(), embedder, vectorStore, rebuild }),
  )
}

const slugOf = (id: string): string =>
  id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 30)
    .replace(/^-|-$/g, "")

/** While another process indexes, answers come from what there is. */
const refresh = async (
  config: Config,
  index: WritableIndex,
  { signal, onProgress }: ProjectAssistantOptions,
  notes: string[],
): Promise<IndexReceipt | undefined> => {
  try {
    return await indexSources(index, projectCorpus(config), {
      signal,
      onProgress: ({ chunks, embedded }) =>
        onProgress?.(
          index.dense
            ? { what: "passages indexed and embedded", done: embedded }
            : { what: "passages indexed", done: chunks },
        ),
    })
  } catch (error) {
    if (!isRoadmapError(error, "STATE_LOCKED") || (await index.stats()).chunks === 0) throw error
    notes.push(`${error.message} Answers come from what is indexed so far.`)
    return undefined
  }
}
