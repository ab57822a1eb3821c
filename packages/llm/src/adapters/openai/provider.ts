import { AzureOpenAI, OpenAI } from "openai"

/** One account or server, and how its dialect differs. The presets below are all there is to a provider. */
export interface Provider {
  /** First half of model ids: "openai", "azure", "compatible". */
  name: string
  client: OpenAI
  /** Shown in errors: the address without secrets. */
  address: string
  /** Never shown: replaced wherever a provider's message repeats them. */
  secrets: readonly string[]
  /** What a refused key or token is called where it is configured. */
  credential: string
  /** Reasoning models refuse the older name, most servers know no other. */
  maxTokensField: "max_tokens" | "max_completion_tokens"
}

/** No retries and no logs of the library's own: both are done here, where they can be stopped and seen. */
const common = { maxRetries: 0, logLevel: "off", timeout: 600_000 } as const

/** OpenAI (https://platform.openai.com/docs/api-reference). */
export const openAi = ({ apiKey, baseUrl }: { apiKey: string; baseUrl?: string }): Provider => ({
  name: "openai",
  client: new OpenAI({ ...common, apiKey, baseURL: baseUrl ?? "https://api.openai.com/v1" }),
  address: baseUrl ?? "api.openai.com",
  secrets: [apiKey],
  credential: "OPENAI_API_KEY",
  maxTokensField: "max_completion_tokens",
})

/**
 * Any server that speaks OpenAI's protocol: llama.cpp, vLLM, Ollama, LM Studio. The base URL ends with /v1. Such servers
 * ask for no key unless they were started with one.
 */
export const openAiCompatible = ({ baseUrl, apiKey }: { baseUrl: string; apiKey?: string }): Provider => ({
  name: "compatible",
  client: new OpenAI({
    ...common,
    apiKey: apiKey ?? "none",
    baseURL: baseUrl,
    organization: null,
    project: null,
  }),
  address: baseUrl,
  secrets: apiKey ? [apiKey] : [],
  credential: "OPENAI_API_KEY",
  maxTokensField: "max_tokens",
})

export interface AzureOptions {
  /** https://<resource>.openai.azure.com */
  endpoint: string
  apiVersion: string
  /** A key; or a Microsoft Entra token; or a function that fetches one, as getBearerTokenProvider of @azure/identity. */
  auth: { apiKey: string } | { adToken: string } | { tokenProvider: () => Promise<string> }
}

/** Azure OpenAI (https://learn.microsoft.com/azure/ai-services/openai/reference): deployments instead of models. */
export const azureOpenAi = ({ endpoint, apiVersion, auth }: AzureOptions): Provider => {
  const credentials =
    "apiKey" in auth
      ? { apiKey: auth.apiKey }
      : {
          // Named, so that the library does not take a key from the environment beside the token.
          apiKey: "",
          azureADTokenProvider: "adToken" in auth ? async () => auth.adToken : auth.tokenProvider,
        }
  return {
    name: "azure",
    client: new AzureOpenAI({
      ...common,
      ...credentials,
      apiVersion,
      baseURL: `${endpoint.replace(/\/+$/, "")}/openai`,
      organization: null,
    }),
    address: endpoint,
    secrets: "apiKey" in auth ? [auth.apiKey] : "adToken" in auth ? [auth.adToken] : [],
    credential: "apiKey" in auth ? "AZURE_OPENAI_API_KEY" : "AZURE_OPENAI_AD_TOKEN",
    // Known from this version on.
    maxTokensField:
      /^\d{4}/.test(apiVersion) && apiVersion < "2024-09-01" ? "max_tokens" : "max_completion_tokens",
  }
}
