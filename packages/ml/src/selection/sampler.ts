import { RoadmapError } from "@roadmap/core/errors"
import type { Random } from "@roadmap/core/random"
import {
  type Configuration,
  drawConfiguration,
  fromInner,
  isActive,
  type Parameter,
  type ParameterValue,
  type Space,
  toInner,
} from "./space.ts"
import type { Direction, Trial } from "./trial.ts"

export interface Suggestion {
  readonly parameters: Configuration
  readonly resource?: number
}

/** What a sampler may know when it suggests. */
export interface SearchView {
  /** Finished trials by number. */
  readonly finished: ReadonlyMap<number, Trial>
  /** What was suggested, also to trials that have not finished. */
  readonly suggested: (number: number) => Configuration | undefined
}

/**
 * Decides what trial `number` tries, from the number and what finished before, never from clocks or chance
 * outside its seed. "wait": after more trials have finished. "end": there is no such trial.
 */
export type Sampler = (number: number, view: SearchView) => Suggestion | "wait" | "end"

export interface SamplerContext {
  readonly space: Space
  readonly direction: Direction
  readonly random: Random
  /** Trials that may run at once. */
  readonly parallel: number
}

export const randomSampler =
  ({ space, random }: SamplerContext): Sampler =>
  number => ({ parameters: drawConfiguration(space, random.fork(`trial ${number}`)) })

const mostGridPoints = 100_000

/** Every combination of values; `points` of a range, evenly spaced, in the order of the parameters. */
export const gridSampler = ({ space }: SamplerContext, points: number): Sampler => {
  const grid: Configuration[] = []
  const names = Object.keys(space)
  const extend = (chosen: Record<string, ParameterValue>, place: number): void => {
    if (place === names.length) {
      if (grid.length === mostGridPoints)
        throw new RoadmapError("INVALID_INPUT", `The grid has more than ${mostGridPoints} points.`, {
          hint: "Use fewer points a range, or random search.",
        })
      grid.push({ ...chosen })
      return
    }
    const name = names[place]
    if (!isActive(space[name], chosen)) extend(chosen, place + 1)
    else for (const value of gridValues(space[name], points)) extend({ ...chosen, [name]: value }, place + 1)
  }
  extend({}, 0)
  return number => (number < grid.length ? { parameters: grid[number] } : "end")
}

const gridValues = (given: Parameter, points: number): readonly ParameterValue[] => {
  if (given.kind === "choice") return given.values
  const low = toInner(given, given.low)
  const step = points === 1 ? 0 : (toInner(given, given.high) - low) / (points - 1)
  return [...new Set(Array.from({ length: points }, (_, i) => fromInner(given, low + i * step)))]
}
