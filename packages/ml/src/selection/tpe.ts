import type { Random } from "@roadmap/core/random"
import { parzenEstimator } from "./parzen.ts"
import type { Sampler, SamplerContext, SearchView } from "./sampler.ts"
import { buildConfiguration, type Configuration, drawConfiguration, isActive, type Space } from "./space.ts"
import { type Direction, isBetter, type Trial } from "./trial.ts"

export interface TpeOptions {
  /** Random trials before the densities are used. Default 10. */
  readonly startup?: number
  /** Draws from the good trials' density, of which the best is taken. Default 24. */
  readonly candidates?: number
}

/**
 * Tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011): one density over the best trials, one over
 * the rest; of some draws from the first, the one with the highest ratio of both is tried. Parameters that
 * exist under the same condition are drawn together; a conditional one learns from the trials that had it.
 * Densities, share of good trials and weights of old ones are those of Optuna 5's default. Trial n learns from
 * trials up to n - parallel; those between count as bad, so that trials that run at once spread out ("constant
 * liar").
 */
export const tpeSampler = (
  { space, direction, random, parallel }: SamplerContext,
  { startup = 10, candidates = 24 }: TpeOptions,
): Sampler => {
  const groups = groupByCondition(space)
  return (number, view) => {
    const own = random.fork(`trial ${number}`)
    if (number < startup) return { parameters: drawConfiguration(space, own) }
    const known = number - parallel + 1
    for (let earlier = 0; earlier < known; earlier++) if (!view.finished.has(earlier)) return "wait"
    const { good, bad } = divide(view, { known, number, direction })
    let drawn: Configuration = {}
    for (const group of groups) {
      const [first] = Object.values(group)
      if (isActive(first, drawn))
        drawn = { ...drawn, ...mostPromising(group, { good, bad, random: own, candidates }) }
    }
    return { parameters: buildConfiguration(space, name => drawn[name]) }
  }
}

/** Spaces of the parameters that exist together, each after the one its condition names. */
const groupByCondition = (space: Space): readonly Space[] =>
  Object.values(Object.groupBy(Object.entries(space), ([, { when }]) => JSON.stringify(when ?? null))).map(
    group => Object.fromEntries(group ?? []),
  )

const mostPromising = (
  group: Space,
  input: {
    readonly good: readonly Configuration[]
    readonly bad: readonly Configuration[]
    readonly random: Random
    readonly candidates: number
  },
): Configuration => {
  const [name] = Object.keys(group)
  const [best, rest] = [input.good, input.bad].map(trials => {
    const points = trials.filter(parameters => name in parameters)
    return parzenEstimator(group, points, recencyWeights(points.length))
  })
  let chosen = best.draw(input.random)
  let highest = best.logDensity(chosen) - rest.logDensity(chosen)
  for (let candidate = 1; candidate < input.candidates; candidate++) {
    const point = best.draw(input.random)
    const ratio = best.logDensity(point) - rest.logDensity(point)
    if (ratio <= highest) continue
    chosen = point
    highest = ratio
  }
  return chosen
}

/** The best tenth of the trials (25 at most) and the others, each in order of number. Failed ones are in neither. */
const divide = (
  { finished, suggested }: SearchView,
  { known, number, direction }: { known: number; number: number; direction: Direction },
): { good: readonly Configuration[]; bad: readonly Configuration[] } => {
  const complete: Trial[] = []
  let pruned = 0
  const others: { number: number; parameters: Configuration }[] = []
  for (let earlier = 0; earlier < number; earlier++) {
    const trial = earlier < known ? finished.get(earlier) : undefined
    if (trial?.state === "complete") complete.push(trial)
    else if (trial?.state === "pruned") {
      others.push(trial)
      pruned++
    } else if (trial === undefined) {
      const parameters = suggested(earlier)
      if (parameters !== undefined) others.push({ number: earlier, parameters })
    }
  }
  const ranked = complete.toSorted((a, b) =>
    a.value === b.value ? a.number - b.number : isBetter(a.value!, b.value!, direction) ? -1 : 1,
  )
  const count = Math.min(25, Math.ceil(0.1 * (complete.length + pruned)))
  const inOrder = (trials: readonly { number: number; parameters: Configuration }[]) =>
    trials.toSorted((a, b) => a.number - b.number).map(({ parameters }) => parameters)
  return { good: inOrder(ranked.slice(0, count)), bad: inOrder([...ranked.slice(count), ...others]) }
}

/** The last 25 count fully, older ones less and less. */
export const recencyWeights = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => {
    const old = count - 25
    if (i >= old) return 1
    return old === 1 ? 1 / count : 1 / count + ((1 - 1 / count) * i) / (old - 1)
  })
