import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { parseModelUri, resolveModel } from "@roadmap/model-registry/model-uri"
import type { ModelRegistry } from "@roadmap/model-registry/port"
import type { ServedModel } from "../model/served.ts"
import type { ModelSlot } from "./slot.ts"

export interface Reload {
  readonly reference: string
  readonly from: number
  readonly to: number
}

export interface WatchOptions<T> {
  registry: Pick<ModelRegistry, "getByAlias" | "getVersion" | "getModel" | "listVersions">
  /** What is served, and where; `flight-late/3` never changes and is not asked for again. */
  entries: readonly { readonly reference: string; readonly slot: ModelSlot<T> }[]
  /** Loads the version that a reference with a number means, ready to answer. */
  load(reference: string): Promise<T>
  /** Milliseconds between two looks. Default 5,000. */
  intervalMs?: number
  onReload?: (reload: Reload) => void
  /** Called once for each new trouble, not at every look. */
  onError?: (error: RoadmapError, reference: string) => void
}

export interface AliasWatch {
  /**
   * Looks now; what has moved serves when it resolves. It never rejects: trouble is kept, and the old version
   * serves on.
   */
  check(): Promise<void>
  /** False while the registry cannot be asked. */
  registryAnswers(): boolean
  /** Why a reference cannot be followed at the moment. */
  trouble(reference: string): RoadmapError | undefined
  /** Resolves when the versions that were replaced are closed. */
  stop(): Promise<void>
}

/**
 * Follows aliases: when one points at another version, that one is loaded beside the old one and takes its place;
 * the old one finishes what it has begun. A registry that is gone, or a version that cannot be loaded, changes
 * nothing but `trouble`.
 */
export const watchAliases = <T extends { readonly served: ServedModel }>(
  options: WatchOptions<T>,
): AliasWatch => {
  const { registry, load, intervalMs = 5_000, onReload, onError } = options
  const entries = options.entries.filter(({ reference }) => !("version" in parseModelUri(reference)))
  const troubles = new Map<string, RoadmapError>()
  const retiring = new Set<Promise<void>>()
  let answers = true
  let looking: Promise<void> = Promise.resolve()
  let waiting = 0
  let stopped = false

  const note = (reference: string, thrown: unknown): void => {
    const error = toRoadmapError(thrown)
    const known = troubles.get(reference)
    troubles.set(reference, error)
    if (known?.code !== error.code || known.message !== error.message) onError?.(error, reference)
  }
  const follow = async (reference: string, slot: ModelSlot<T>): Promise<void> => {
    const { name, version } = await resolveModel(registry as ModelRegistry, reference)
    answers = true
    const from = slot.current().served.version
    if (version !== from) {
      const next = await load(`${name}/${version}`)
      if (stopped) return next.served.close()
      const retired = slot.swap(next).catch(error => note(reference, error))
      retiring.add(retired)
      void retired.then(() => retiring.delete(retired))
      onReload?.({ reference, from, to: version })
    }
    troubles.delete(reference)
  }
  const look = async (): Promise<void> => {
    for (const { reference, slot } of entries) {
      if (stopped) return
      try {
        await follow(reference, slot)
      } catch (error) {
        if (isAway(error)) answers = false
        note(reference, error)
      }
    }
  }
  /** One look at a time; a call during one looks once more after it, because the alias may have moved since. */
  const check = (): Promise<void> => {
    waiting++
    const next = looking.then(async () => {
      waiting--
      await look()
    })
    looking = next
    return next
  }
  const timer = setInterval(() => {
    if (waiting === 0) void check()
  }, intervalMs)
  timer.unref()

  return {
    check,
    registryAnswers: () => answers,
    trouble: reference => troubles.get(reference),
    async stop() {
      stopped = true
      clearInterval(timer)
      await looking
      await Promise.all(retiring)
    },
  }
}

const isAway = (error: unknown): boolean => {
  const { code } = toRoadmapError(error)
  return (
    !(error instanceof RoadmapError) ||
    !["NOT_FOUND", "INVALID_INPUT", "MODEL_FORMAT", "PART_MISSING"].includes(code)
  )
}
