import type { Config } from "@roadmap/core/config"
import { installedModel } from "./neural/place.ts"

/** Which adapter a port resolves to, for people: `roadmap doctor`, notes of an assistant. */
export interface PortStatus {
  adapter: "azure" | "openai" | "openai-compatible" | "minilm" | "none"
  /** Id of the model, where it is known without asking a server. */
  id?: string
  /** True when opening it gives something. */
  ready: boolean
  /** One sentence. */
  why: string
  hint?: string
}

export const chatModelStatus = ({
  azureOpenai,
  openai,
}: Pick<Config, "azureOpenai" | "openai">): PortStatus => {
  if (azureOpenai?.deployment)
    return {
      adapter: "azure",
      id: `azure/${azureOpenai.deployment}`,
      ready: true,
      why: `Azure OpenAI at ${azureOpenai.endpoint}`,
    }
  if (openai?.baseUrl)
    return {
      adapter: "openai-compatible",
      ...(openai.model && { id: `compatible/${openai.model}` }),
      ready: true,
      why: `the server at ${openai.baseUrl}`,
    }
  if (openai?.model) return { adapter: "openai", id: `openai/${openai.model}`, ready: true, why: "OpenAI" }
  return {
    adapter: "none",
    ready: false,
    why: openai?.apiKey
      ? "a key alone selects none: nothing is paid unasked"
      : "not configured: answers are extracts of the documents",
    hint: openai?.apiKey
      ? "Set OPENAI_MODEL too."
      : "Set OPENAI_BASE_URL (a local server: roadmap services up llm), or OPENAI_API_KEY and OPENAI_MODEL, or Azure's variables.",
  }
}

export const embedderStatus = (
  { azureOpenai, openai }: Pick<Config, "azureOpenai" | "openai">,
  root?: string,
): PortStatus => {
  if (azureOpenai?.embeddingDeployment)
    return {
      adapter: "azure",
      id: `azure/${azureOpenai.embeddingDeployment}`,
      ready: true,
      why: `Azure OpenAI at ${azureOpenai.endpoint}`,
    }
  if (openai?.embeddingModel)
    return {
      adapter: openai.baseUrl ? "openai-compatible" : "openai",
      id: `${openai.baseUrl ? "compatible" : "openai"}/${openai.embeddingModel}`,
      ready: true,
      why: openai.baseUrl ? `the server at ${openai.baseUrl}` : "OpenAI",
    }
  const model = installedModel(root)
  if (model)
    return { adapter: "minilm", id: model.id, ready: true, why: "all-MiniLM-L6-v2 in onnxruntime, embedded" }
  return {
    adapter: "none",
    ready: false,
    why: "not installed: search is by words alone (BM25)",
    hint: "Install one: npx -y pnpm@12 roadmap setup neural",
  }
}
