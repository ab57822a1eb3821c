import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { Embedder } from "../../embedder.ts"
import { type AttemptOptions, attempt } from "./attempts.ts"
import { toProviderError } from "./errors.ts"
import type { Provider } from "./provider.ts"

export interface EmbeddingOptions {
  /** Model, or deployment on Azure. */
  model: string
  dimensions: number
  /** Texts of one request; fewer when they are long. OpenAI takes 2,048. Default 128. */
  batch?: number
  /** Characters of a text that are sent: a longer one is cut. Default 24,000, below 8,191 tokens of ordinary text. */
  longestText?: number
  /** One request may take so long. Default 60 s. */
  timeoutMs?: number
  retries?: Omit<AttemptOptions, "signal">
}

/** Embeddings of any provider of the protocol (https://platform.openai.com/docs/api-reference/embeddings). */
export const openAiEmbedder = (provider: Provider, options: EmbeddingOptions): Embedder => {
  const { model, dimensions, batch = 128, longestText = 24_000, timeoutMs = 60_000, retries } = options
  const ask = async (texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> => {
    try {
      const { data } = await provider.client.embeddings.create(
        // An empty text is refused; a blank means as little. Floats, because not every server knows base64.
        { model, input: texts.map(text => text.slice(0, longestText) || " "), encoding_format: "float" },
        { signal, timeout: timeoutMs },
      )
      return inOrder(data, texts.length).map(vector => normalised(vector, dimensions, model))
    } catch (error) {
      throwIfAborted(signal)
      throw toProviderError(error, provider, model)
    }
  }
  return {
    id: `${provider.name}/${model}`,
    dimensions,
    async embed(texts, signal) {
      throwIfAborted(signal)
      const vectors: Float32Array[] = []
      for (const group of groups(texts, batch, longestText))
        vectors.push(...(await attempt(() => ask(group, signal), { ...retries, signal })))
      return vectors
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Characters of one request: some 100,000 tokens, where OpenAI takes 300,000. */
const longestRequest = 300_000

const groups = (texts: readonly string[], batch: number, longestText: number): string[][] => {
  const all: string[][] = []
  let characters = Number.POSITIVE_INFINITY
  for (const text of texts) {
    const length = Math.min(text.length, longestText)
    if (characters + length > longestRequest || all[all.length - 1].length === batch) {
      all.push([])
      characters = 0
    }
    all[all.length - 1].push(text)
    characters += length
  }
  return all
}

/** How long the vectors of a model are: asked of the model itself, which costs one short request. */
export const probeDimensions = async (
  provider: Provider,
  model: string,
  signal?: AbortSignal,
): Promise<number> => {
  try {
    const { data } = await provider.client.embeddings.create(
      { model, input: ["dimensions"], encoding_format: "float" },
      { signal, timeout: 30_000 },
    )
    return inOrder(data, 1)[0].length
  } catch (error) {
    throwIfAborted(signal)
    throw toProviderError(error, provider, model)
  }
}

const inOrder = (data: readonly { index: number; embedding: number[] }[], wanted: number): number[][] => {
  const vectors = new Array<number[]>(wanted)
  for (const { index, embedding } of data ?? []) vectors[index] = embedding
  for (let i = 0; i < wanted; i++)
    if (!Array.isArray(vectors[i])) throw new TypeError(`no vector for text ${i + 1} of ${wanted}`)
  return vectors
}

const normalised = (vector: readonly number[], dimensions: number, model: string): Float32Array => {
  const length = Math.hypot(...vector)
  if (vector.length !== dimensions || !(length > 0 && Number.isFinite(length)))
    throw new RoadmapError(
      "SERVICE_FAILED",
      `${model} gave a vector of ${vector.length} numbers and length ${length}; ${dimensions} numbers were expected.`,
      { hint: "Check that the model is an embedding model and still the one that the index was built with." },
    )
  return Float32Array.from(vector, value => value / length)
}
