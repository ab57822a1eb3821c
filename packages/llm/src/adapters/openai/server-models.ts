import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { toProviderError } from "./errors.ts"
import type { Provider } from "./provider.ts"

/**
 * The model to use on a compatible server, and its context window where the server tells it: vLLM as `max_model_len`,
 * llama.cpp as `meta.n_ctx`, which are not in OpenAI's own list. Throws NOT_FOUND when the server has no such model.
 */
export const describeServer = async (
  provider: Provider,
  wanted: string | undefined,
  signal?: AbortSignal,
): Promise<{ model: string; contextWindow?: number }> => {
  const listed = await list(provider, wanted ?? "any", signal)
  const found = wanted === undefined ? listed[0] : listed.find(({ id }) => id === wanted)
  // Ollama lists "llama3.2:latest" and answers to "llama3.2".
  const near = found ?? listed.find(({ id }) => id.split(":")[0] === wanted)
  if (near === undefined)
    throw new RoadmapError(
      "NOT_FOUND",
      wanted === undefined
        ? `${provider.address} lists no model.`
        : `${provider.address} has no model ${wanted}; it has ${listed.map(({ id }) => id).join(", ") || "none"}.`,
      { hint: "Set OPENAI_MODEL to one of the server's models." },
    )
  const window = [near.max_model_len, near.meta?.n_ctx, near.meta?.n_ctx_train].find(
    size => typeof size === "number" && size > 0,
  )
  return { model: wanted ?? near.id, ...(window !== undefined && { contextWindow: window }) }
}

interface Listed {
  id: string
  max_model_len?: number
  meta?: { n_ctx?: number; n_ctx_train?: number }
}

const list = async (provider: Provider, model: string, signal?: AbortSignal): Promise<Listed[]> => {
  try {
    const { data } = await provider.client.models.list({ signal, timeout: 15_000 })
    if (!Array.isArray(data)) throw new TypeError("its list of models is no list")
    return data as unknown as Listed[]
  } catch (error) {
    throwIfAborted(signal)
    throw toProviderError(error, provider, model)
  }
}
