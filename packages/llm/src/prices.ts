import { readFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { Usage } from "./chat-model.ts"
import { nameOf } from "./models.ts"

export interface Cost {
  usd: number
  /** Day of the list. Prices change: compare with `source` before you rely on a cost. */
  asOf: string
  /** The provider's own page. */
  source: string
  /** The page that was read, which quotes the provider's. */
  via: string
}

const price = z.object({
  prompt: z.number().nonnegative(),
  cached: z.number().nonnegative().optional(),
  completion: z.number().nonnegative(),
})
const table = z.array(
  z.object({
    provider: z.string(),
    asOf: z.iso.date(),
    source: z.url(),
    via: z.url(),
    usdPerMillionTokens: z.record(z.string(), price),
  }),
)

let lists: z.infer<typeof table> | undefined

/**
 * What an answer cost, by the list price of `data/prices.json`; undefined for a model that it does not have, because an
 * unknown price is not 0. Cached tokens without a price of their own cost as much as the others (an upper bound). `modelId` is "provider/model", with or without the date of a version.
 */
export const cost = (
  usage: Pick<Usage, "promptTokens" | "completionTokens" | "cachedTokens">,
  modelId: string,
): Cost | undefined => {
  lists ??= table.parse(JSON.parse(readFileSync(join(import.meta.dirname, "data", "prices.json"), "utf8")))
  const list = lists.find(({ provider }) => provider === modelId.split("/")[0])
  if (!list || !Object.hasOwn(list.usdPerMillionTokens, nameOf(modelId))) return undefined
  const { prompt, cached = prompt, completion } = list.usdPerMillionTokens[nameOf(modelId)]
  const cachedTokens = Math.min(usage.cachedTokens ?? 0, usage.promptTokens)
  const usd =
    ((usage.promptTokens - cachedTokens) * prompt +
      cachedTokens * cached +
      usage.completionTokens * completion) /
    1e6
  return { usd, asOf: list.asOf, source: list.source, via: list.via }
}
