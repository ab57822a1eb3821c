import { join } from "node:path"
import { loadPartModule } from "@roadmap/core/part-module"
import { repositoryRoot } from "@roadmap/core/parts"

/*
 * The one door to LangChain (https://docs.langchain.com/oss/javascript/langchain/overview). It is an optional part,
 * installed by `roadmap setup langchain` into `parts/langchain`, so its types are written here: what is used of them.
 */

export interface LcDocument {
  id?: string
  pageContent: string
  metadata: Record<string, unknown>
}

export interface LcMessage {
  /** Text, or a list of content blocks. */
  content: unknown
  getType(): string
}

export interface Runnable<I = unknown, O = unknown> {
  invoke(input: I, options?: { signal?: AbortSignal }): Promise<O>
  stream(input: I, options?: { signal?: AbortSignal }): Promise<AsyncIterable<O>>
  pipe<P>(next: Runnable<O, P>): Runnable<I, P>
}

export interface GenerationChunk {
  text: string
}

/** Hears each piece that a model streams. */
export interface RunManager {
  handleLLMNewToken(
    token: string,
    place?: undefined,
    run?: undefined,
    parent?: undefined,
    tags?: undefined,
    fields?: { chunk: GenerationChunk },
  ): Promise<void>
}

type Base = abstract new (fields: object) => object

/** What the adapters use of `@langchain/core`. */
export interface LangChain {
  BaseRetriever: Base
  VectorStore: abstract new (embeddings: object, config: object) => object
  Embeddings: Base
  BaseChatModel: Base
  Document: new (fields: LcDocument) => LcDocument
  AIMessage: new (fields: object) => LcMessage
  AIMessageChunk: new (fields: object) => LcMessage
  SystemMessage: new (text: string) => LcMessage
  HumanMessage: new (text: string) => LcMessage
  ChatGenerationChunk: new (fields: object) => GenerationChunk
  RunnableLambda: {
    from<I, O>(work: (input: I, config?: { signal?: AbortSignal }) => Promise<O> | O): Runnable<I, O>
  }
  RunnablePassthrough: { assign(mapping: Record<string, Runnable<never, unknown>>): Runnable<never, never> }
  StringOutputParser: new () => Runnable<LcMessage, string>
}

/** What `@langchain/openai` gives: a chat model for any server that speaks OpenAI's protocol. */
export interface LangChainOpenAi {
  ChatOpenAI: new (fields: {
    model: string
    apiKey: string
    temperature?: number
    maxTokens?: number
    streamUsage?: boolean
    configuration?: { baseURL: string }
  }) => Runnable<readonly LcMessage[], LcMessage>
}

/** Folder of the part in this repository. */
export const langchainPart = join(repositoryRoot, "parts", "langchain")

/** Loads LangChain when it is first needed. Throws PART_MISSING when it is not there or does not start. */
export const loadLangChain = (part = langchainPart): LangChain =>
  Object.assign(
    {},
    ...[
      "retrievers",
      "vectorstores",
      "embeddings",
      "language_models/chat_models",
      "documents",
      "messages",
      "outputs",
      "runnables",
      "output_parsers",
    ].map(name => load(`@langchain/core/${name}`, part)),
  ) as LangChain

/** Throws PART_MISSING as loadLangChain does. */
export const loadLangChainOpenAi = (part = langchainPart): LangChainOpenAi =>
  load("@langchain/openai", part) as LangChainOpenAi

const load = (module: string, folder: string): object =>
  loadPartModule({
    part: "langchain",
    folder,
    module,
    absent: "The LangChain adapters need the part langchain, which is not installed.",
  }) as object
