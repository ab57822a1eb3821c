import type { AzureOpenAiConfig, Config } from "@roadmap/core/config"
import type { ChatModel } from "./chat-model.ts"
import type { Embedder } from "./embedder.ts"
import { knownModel } from "./models.ts"
import { chatModelStatus, embedderStatus } from "./status.ts"

/** For a model that neither the table nor the server tells about: what small local models take. */
const cautiousWindow = 4_096

type Models = Pick<Config, "azureOpenai" | "openai">

/**
 * Opens the chat model that the configuration names; undefined when it names none (`chatModelStatus` says why). A server
 * behind OPENAI_BASE_URL is asked for its models. Throws as ChatModel does.
 */
export const openChatModel = async (config: Models, signal?: AbortSignal): Promise<ChatModel | undefined> => {
  const { adapter } = chatModelStatus(config)
  const { azureOpenai, openai } = config
  if (adapter === "none") return undefined
  const { openAiChatModel } = await import("./adapters/openai/chat.ts")
  const { openAi, openAiCompatible } = await import("./adapters/openai/provider.ts")
  if (adapter === "azure" && azureOpenai?.deployment) {
    const model = azureOpenai.deployment
    const contextWindow = knownModel(model)?.contextWindow ?? 128_000
    return openAiChatModel(await azure(azureOpenai), { model, contextWindow })
  }
  if (openai?.baseUrl) {
    const provider = openAiCompatible({ baseUrl: openai.baseUrl, apiKey: openai.apiKey })
    const { describeServer } = await import("./adapters/openai/server-models.ts")
    const { model, contextWindow } = await describeServer(provider, openai.model, signal)
    return openAiChatModel(provider, { model, contextWindow: contextWindow ?? cautiousWindow })
  }
  const model = openai!.model!
  const contextWindow = knownModel(model)?.contextWindow ?? 128_000
  return openAiChatModel(openAi({ apiKey: openai!.apiKey! }), { model, contextWindow })
}

/**
 * Opens the embedder that the configuration names, or else MiniLM when it is installed; undefined when there is neither
 * (`embedderStatus` says why). Throws as Embedder does.
 */
export const openEmbedder = async (
  config: Models,
  options: { signal?: AbortSignal; root?: string; threads?: number } = {},
): Promise<Embedder | undefined> => {
  const { signal, root, threads } = options
  const { adapter } = embedderStatus(config, root)
  const { azureOpenai, openai } = config
  if (adapter === "none") return undefined
  if (adapter === "minilm") {
    const { miniLmEmbedder } = await import("./adapters/minilm/embedder.ts")
    return miniLmEmbedder({ root, threads })
  }
  const { openAiEmbedder, probeDimensions } = await import("./adapters/openai/embeddings.ts")
  const { openAi, openAiCompatible } = await import("./adapters/openai/provider.ts")
  const [provider, model] =
    adapter === "azure"
      ? [await azure(azureOpenai!), azureOpenai!.embeddingDeployment!]
      : openai!.baseUrl
        ? [openAiCompatible({ baseUrl: openai!.baseUrl, apiKey: openai!.apiKey }), openai!.embeddingModel!]
        : [openAi({ apiKey: openai!.apiKey! }), openai!.embeddingModel!]
  const dimensions = knownModel(model)?.dimensions ?? (await probeDimensions(provider, model, signal))
  return openAiEmbedder(provider, { model, dimensions })
}

const azure = async (options: AzureOpenAiConfig) =>
  (await import("./adapters/openai/provider.ts")).azureOpenAi(options)
