import type { Random } from "@roadmap/core/random"
import { logNormalDensity, logNormalMass } from "./normal.ts"
import {
  type Configuration,
  fromInner,
  innerRange,
  type Parameter,
  type ParameterValue,
  type Space,
  toInner,
} from "./space.ts"

/** A density over the parameters of a space without conditions, learned from points that were tried. */
export interface ParzenEstimator {
  draw(random: Random): Configuration
  /**
   * Logarithm of the density, of the logarithm of a logarithmic parameter; of the probability, for whole
   * numbers and choices.
   */
  logDensity(point: Configuration): number
}

/** One parameter's part of each kernel: a kernel a point, and the prior's at the end. */
interface Factor {
  draw(kernel: number, random: Random): ParameterValue
  /** Adds the logarithm of each kernel's density to `terms`. */
  addTo(terms: Float64Array, value: ParameterValue): void
}

const priorWeight = 1

/**
 * Parzen estimator (Bergstra et al., NeurIPS 2011, over all parameters together as in Falkner et al., ICML
 * 2018): a mixture of one kernel a point and a wide one for the prior. A kernel is the product of a truncated
 * normal for each range, as wide as the distance to the farther neighbour, and of counts plus a share of one
 * pseudo-count for each choice. `weights` go with `points`; without points it is the prior.
 */
export const parzenEstimator = (
  space: Space,
  points: readonly Configuration[],
  weights: readonly number[],
): ParzenEstimator => {
  const factors = Object.entries(space).map(([name, parameter]) => {
    const values = points.map(point => point[name])
    return { name, factor: factorOf(parameter, values) }
  })
  const shares = normalised([...weights, priorWeight])
  const logShares = Float64Array.from(shares, Math.log)
  const terms = new Float64Array(shares.length)
  return {
    draw(random) {
      const kernel = drawIndex(shares, random)
      return Object.fromEntries(factors.map(({ name, factor }) => [name, factor.draw(kernel, random)]))
    },
    logDensity(point) {
      terms.set(logShares)
      for (const { name, factor } of factors) factor.addTo(terms, point[name])
      let largest = -Infinity
      for (let k = 0; k < terms.length; k++) if (terms[k] > largest) largest = terms[k]
      let sum = 0
      for (let k = 0; k < terms.length; k++) sum += Math.exp(terms[k] - largest)
      return largest + Math.log(sum)
    },
  }
}

const factorOf = (parameter: Parameter, values: readonly ParameterValue[]): Factor =>
  parameter.kind === "choice"
    ? choiceFactor(parameter.values, values)
    : rangeFactor(parameter, values as number[])

const choiceFactor = (choices: readonly ParameterValue[], values: readonly ParameterValue[]): Factor => {
  const pseudo = priorWeight / (values.length + 1)
  const other = pseudo / (1 + choices.length * pseudo)
  const own = (1 + pseudo) / (1 + choices.length * pseudo)
  const prior = 1 / choices.length
  return {
    draw(kernel, random) {
      // Beyond its share as one of all choices a kernel's own value has own - other more.
      const isOwn = kernel < values.length && random.next() < own - other
      return isOwn ? values[kernel] : choices[random.integer(choices.length)]
    },
    addTo(terms, value) {
      for (let k = 0; k < values.length; k++) terms[k] += Math.log(values[k] === value ? own : other)
      terms[values.length] += Math.log(prior)
    },
  }
}

const rangeFactor = (
  parameter: Exclude<Parameter, { kind: "choice" }>,
  values: readonly number[],
): Factor => {
  const { low, high } = innerRange(parameter)
  if (!(high > low)) return { draw: () => parameter.low, addTo: () => {} }
  const inner = values.map(value => toInner(parameter, value))
  const centers = Float64Array.of(...inner, (low + high) / 2)
  const widths = Float64Array.of(...widthsOf(inner, low, high), high - low)
  const logWidths = widths.map(Math.log)
  // What the ends of the range leave of each kernel.
  const logMasses = centers.map((center, k) =>
    logNormalMass((low - center) / widths[k], (high - center) / widths[k]),
  )
  return {
    draw(kernel, random) {
      // The centre is inside the range and the width at most the range: one draw in three is good at worst.
      for (;;) {
        const drawn = centers[kernel] + widths[kernel] * random.normal()
        if (drawn >= low && drawn <= high) return fromInner(parameter, drawn)
      }
    },
    addTo(terms, value) {
      if (parameter.kind === "integer") {
        const below = toInner(parameter, (value as number) - 0.5)
        const above = toInner(parameter, (value as number) + 0.5)
        for (let k = 0; k < terms.length; k++)
          terms[k] +=
            logNormalMass((below - centers[k]) / widths[k], (above - centers[k]) / widths[k]) - logMasses[k]
        return
      }
      const at = toInner(parameter, value as number)
      for (let k = 0; k < terms.length; k++)
        terms[k] += logNormalDensity((at - centers[k]) / widths[k]) - logWidths[k] - logMasses[k]
    },
  }
}

/**
 * The distance to the farther neighbour; beyond the first and the last value there is none, or they would be
 * as wide as the gap to the end of the range. No narrower than the range over the number of kernels.
 */
const widthsOf = (centers: readonly number[], low: number, high: number): Float64Array => {
  const order = centers.map((_, i) => i).sort((a, b) => centers[a] - centers[b])
  const widths = new Float64Array(centers.length)
  const least = (high - low) / Math.min(100, 2 + centers.length)
  order.forEach((kernel, place) => {
    const alone = order.length === 1
    const before = place > 0 ? centers[order[place - 1]] : alone ? low : centers[kernel]
    const after = place + 1 < order.length ? centers[order[place + 1]] : alone ? high : centers[kernel]
    const farther = Math.max(centers[kernel] - before, after - centers[kernel])
    widths[kernel] = Math.min(Math.max(farther, least), high - low)
  })
  return widths
}

const normalised = (weights: readonly number[]): number[] => {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map(weight => weight / sum)
}

const drawIndex = (probabilities: readonly number[], random: Random): number => {
  let left = random.next()
  for (let i = 0; i < probabilities.length - 1; i++) {
    left -= probabilities[i]
    if (left < 0) return i
  }
  return probabilities.length - 1
}
