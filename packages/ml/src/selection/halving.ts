import { RoadmapError } from "@roadmap/core/errors"
import type { Sampler, SamplerContext, SearchView, Suggestion } from "./sampler.ts"
import { type Configuration, drawConfiguration } from "./space.ts"
import { isBetter, type Trial } from "./trial.ts"

export interface HalvingOptions {
  /** Resource of the first trials and of the last ones, such as rows or trees. */
  readonly minResource: number
  readonly maxResource: number
  /** One in this many goes on, with this many times the resource. Default 3. */
  readonly reduction?: number
}

interface Bracket {
  readonly configurations: number
  /** Resource of each rung, rising. */
  readonly resources: readonly number[]
}

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016): many configurations on little resource, the best
 * `1 / reduction` of them on more, and so on. `configurations` is by default what leaves one at the end.
 */
export const halvingSampler = (
  context: SamplerContext,
  options: HalvingOptions & { readonly configurations?: number },
): Sampler => {
  const { reduction, rungs } = checkHalving(options)
  const { configurations = reduction ** (rungs - 1) } = options
  if (!Number.isInteger(configurations) || configurations < 1)
    throw new RoadmapError("INVALID_INPUT", `configurations is ${configurations}; it must be 1 or more.`)
  return bracketSampler(context, [bracketOf(options, { reduction, rungs, configurations })])
}

/**
 * Hyperband (Li et al., JMLR 2018): brackets of successive halving, from the most configurations on the least
 * resource to a few that have the full resource at once. It ends after one round of brackets.
 */
export const hyperbandSampler = (context: SamplerContext, options: HalvingOptions): Sampler => {
  const { reduction, rungs } = checkHalving(options)
  const brackets = Array.from({ length: rungs }, (_, skipped) => {
    const left = rungs - skipped
    return bracketOf(options, {
      reduction,
      rungs: left,
      configurations: Math.ceil((rungs / left) * reduction ** (left - 1)),
    })
  })
  return bracketSampler(context, brackets)
}

const checkHalving = ({ minResource, maxResource, reduction = 3 }: HalvingOptions) => {
  if (!(minResource > 0 && maxResource >= minResource && reduction > 1))
    throw new RoadmapError(
      "INVALID_INPUT",
      `Halving from ${minResource} to ${maxResource} by ${reduction} cannot be done.`,
      { hint: "It needs 0 < minResource <= maxResource and a reduction above 1." },
    )
  const rungs = Math.floor(Math.log(maxResource / minResource) / Math.log(reduction) + 1e-9) + 1
  return { reduction, rungs }
}

const bracketOf = (
  { maxResource }: HalvingOptions,
  { reduction, rungs, configurations }: { reduction: number; rungs: number; configurations: number },
): Bracket => ({
  configurations: Math.round(configurations),
  resources: Array.from({ length: rungs }, (_, rung) => maxResource / reduction ** (rungs - 1 - rung)),
})

/** Trials are numbered rung after rung; a rung starts when the one before it has finished as a whole. */
const bracketSampler =
  ({ space, direction, random }: SamplerContext, brackets: readonly Bracket[]): Sampler =>
  (number, view) => {
    let first = 0
    for (const [index, { configurations, resources }] of brackets.entries()) {
      let rung: readonly Configuration[] = Array.from({ length: configurations }, (_, i) =>
        drawConfiguration(space, random.fork(`bracket ${index} configuration ${i}`)),
      )
      for (const [level, resource] of resources.entries()) {
        if (number < first + rung.length)
          return { parameters: rung[number - first], resource } satisfies Suggestion
        const last = first + rung.length
        const trials = finishedBetween(view, first, last)
        first = last
        if (level === resources.length - 1) break
        if (trials === undefined) return "wait"
        const survivors = Math.floor(configurations * (resources[0] / resources[level + 1]) + 1e-9)
        rung = trials
          .filter(({ state }) => state === "complete")
          .sort((a, b) =>
            isBetter(a.value!, b.value!, direction) ? -1 : a.value === b.value ? a.number - b.number : 1,
          )
          .slice(0, Math.max(1, survivors))
          .map(({ parameters }) => parameters)
      }
    }
    return "end"
  }

const finishedBetween = ({ finished }: SearchView, first: number, last: number): Trial[] | undefined => {
  const trials: Trial[] = []
  for (let number = first; number < last; number++) {
    const trial = finished.get(number)
    if (trial === undefined) return undefined
    trials.push(trial)
  }
  return trials
}
