import { readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"

/** What is known of a provider's model by its name. */
export interface KnownModel {
  /** Byte-pair encoding of its tokens (https://github.com/openai/tiktoken). */
  encoding: "o200k_base" | "cl100k_base"
  contextWindow: number
  /** Of an embedding model. */
  dimensions?: number
}

const table = z.array(
  z.object({
    models: z.array(z.string()),
    encoding: z.enum(["o200k_base", "cl100k_base"]),
    contextWindow: z.number().int().positive(),
    dimensions: z.number().int().positive().optional(),
  }),
)

let known: Map<string, KnownModel> | undefined

/** "openai/gpt-4o-mini-2024-07-18" is "gpt-4o-mini": without provider and date. */
export const nameOf = (modelId: string): string =>
  modelId.slice(modelId.indexOf("/") + 1).replace(/-(\d{4}-\d{2}-\d{2}|\d{4})$/, "")

/** Facts of a model, or undefined for one that the table does not have (a deployment may be called anything). */
export const knownModel = (modelId: string): KnownModel | undefined => {
  known ??= new Map(
    table
      .parse(JSON.parse(readFileSync(join(import.meta.dirname, "data", "models.json"), "utf8")))
      .flatMap(({ models, ...facts }) => models.map(model => [model, facts] as const)),
  )
  return known.get(nameOf(modelId))
}
