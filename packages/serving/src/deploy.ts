import { RoadmapError } from "@roadmap/core/errors"
import { parseModelUri } from "@roadmap/model-registry/model-uri"
import type { ModelRegistry } from "@roadmap/model-registry/port"
import type { Deployment } from "./deployment.ts"
import { goLive, type LiveModel } from "./live.ts"
import { loadServedModel, type ServedModel } from "./model/served.ts"
import { createBatcher } from "./operate/batcher.ts"
import type { ServingMetrics } from "./operate/metrics.ts"
import { createRouter } from "./operate/router.ts"
import { createModelSlot, type ModelSlot } from "./operate/slot.ts"
import type { ScoringPool } from "./operate/workers.ts"
import { toFeatures } from "./validate/cells.ts"
import { isRefusal } from "./validate/refusal.ts"
import type { InputPolicy } from "./validate/table.ts"

/** What is served under a name. */
export interface DeploymentOptions {
  /** Default: the registered name of the (first) model. */
  readonly name?: string
  /**
   * `flight-late@champion`, `flight-late/3`, `flight-late` (the latest): one model, or variants that share
   * the traffic.
   */
  readonly model?: string
  readonly variants?: readonly { readonly model: string; readonly weight: number }[]
  /** One of the variants, which scores every request too; its answers go to the prediction log alone. */
  readonly shadow?: string
  /** Quantile models of the same inputs, for the ends of prediction intervals. */
  readonly interval?: { readonly lower: string; readonly upper: string }
}

export interface Deployed extends Deployment {
  readonly slots: readonly ModelSlot<LiveModel>[]
  /** Every slot, those of the interval too, and the reference it follows. */
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly reference: string
  readonly slot: ModelSlot<LiveModel>
}

export interface DeployContext {
  readonly registry: ModelRegistry
  readonly policy: InputPolicy
  readonly metrics: ServingMetrics
  /** Threads for calls that take long. */
  readonly pool?: ScoringPool
}

/**
 * Loads the models of a deployment. Throws INVALID_INPUT for options that do not fit together, NOT_FOUND
 * and UNREACHABLE from the registry, MODEL_FORMAT for a model that cannot score its own example.
 */
export const deploy = async (
  given: string | DeploymentOptions,
  context: DeployContext,
): Promise<Deployed> => {
  const options = typeof given === "string" ? { model: given } : given
  const variants =
    options.variants ?? (options.model === undefined ? [] : [{ model: options.model, weight: 1 }])
  if (variants.length === 0 || (options.model !== undefined && options.variants !== undefined))
    throw new RoadmapError("INVALID_INPUT", "A deployment has either a model or variants.", {
      hint: 'For example { model: "flight-late@champion" }.',
    })
  const name = options.name ?? parseModelUri(variants[0].model).name
  const router = createRouter(
    {
      variants: variants.map(({ model, weight }) => ({ name: model, weight })),
      ...(options.shadow !== undefined && { shadow: options.shadow }),
    },
    { salt: name },
  )
  const { interval } = options
  const references = [
    ...variants.map(({ model }) => model),
    ...(interval ? [interval.lower, interval.upper] : []),
  ]
  const entries: Entry[] = []
  try {
    for (const reference of references)
      entries.push({ reference, slot: createModelSlot(await loadLive(context, reference), release(context)) })
  } catch (error) {
    await Promise.all(entries.map(({ slot }) => slot.close()))
    throw error
  }
  const slots = entries.map(({ slot }) => slot)
  const [lower, upper] = slots.slice(variants.length)
  return {
    name,
    slots: slots.slice(0, variants.length),
    entries,
    choose: key => router.choose(key),
    ...(interval && { interval: { lower, upper } }),
  }
}

const release =
  ({ pool }: DeployContext) =>
  async ({ served }: LiveModel): Promise<void> => {
    pool?.forget(served.folder)
    await served.close()
  }

/** A model from the registry, ready for requests: it has scored its own example. */
export const loadLive = async (context: DeployContext, reference: string): Promise<LiveModel> => {
  const served = await loadServedModel(context.registry, reference)
  const { pool, metrics, policy } = context
  try {
    const onBatch = metrics.batchesOf(served.name, served.version)
    const batcher = createBatcher({ model: served, onBatch, ...(pool && served.model && { pool }) })
    const live = goLive(served, policy, batcher.predict)
    await rehearse(live)
    return live
  } catch (error) {
    await served.close()
    throw error
  }
}

/**
 * A model that cannot answer its own example must not take the place of one that answers. Throws
 * MODEL_FORMAT.
 */
const rehearse = async ({ served, reader }: Pick<LiveModel, "served" | "reader">): Promise<void> => {
  const { inputExample } = served
  if (inputExample === undefined) return
  const table = reader.split(inputExample.columns, inputExample.data)
  if (isRefusal(table)) throw unfit(served, table.message)
  const features = toFeatures(reader.inputs, table)
  try {
    await served.predict(features)
  } catch (cause) {
    throw unfit(served, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const unfit = ({ uri }: ServedModel, problem: string, cause?: unknown) =>
  new RoadmapError("MODEL_FORMAT", `${uri} cannot score its own input example: ${problem}`, {
    hint: "Register it again with a signature and an example of the rows it was fitted on.",
    cause,
  })
