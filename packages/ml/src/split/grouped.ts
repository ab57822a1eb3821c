import { RoadmapError } from "@roadmap/core/errors"
import { type Random, shuffle } from "@roadmap/core/random"
import type { NumericArray } from "../input.ts"
import { checkFolds, type Folds, foldsOf } from "./fold.ts"
import { encodeByAppearance } from "./k-fold.ts"

/**
 * K-fold that keeps the rows of a group together: no group is in both train and test. The largest group goes
 * first, each to the fold with the fewest rows, as in scikit-learn's `GroupKFold`; `random` decides between
 * groups of one size. Throws INVALID_INPUT, also for fewer groups than folds.
 */
export const groupKFold = (input: {
  readonly groups: NumericArray
  readonly folds: number
  readonly random?: Random
}): Folds => {
  const { groups, folds, random } = input
  const { codes, values } = encodeByAppearance(groups)
  checkFolds(folds, values.length, "groups")
  const sizes = new Int32Array(values.length)
  for (let row = 0; row < codes.length; row++) sizes[codes[row]]++
  const order = groupOrder(values.length, random).sort((a, b) => sizes[b] - sizes[a])
  const load = new Float64Array(folds)
  const foldOf = new Int32Array(values.length)
  for (const group of order) {
    const lightest = load.indexOf(Math.min(...load))
    foldOf[group] = lightest
    load[lightest] += sizes[group]
  }
  return foldsOf(
    codes.map(group => foldOf[group]),
    folds,
  )
}

/**
 * Grouped folds whose shares of the labels are as even as a greedy choice makes them: groups with the most
 * uneven labels go first, each to the fold that stays most even (scikit-learn's `StratifiedGroupKFold`).
 * Throws INVALID_INPUT.
 */
export const stratifiedGroupKFold = (input: {
  readonly labels: NumericArray
  readonly groups: NumericArray
  readonly folds: number
  readonly random?: Random
}): Folds => {
  const { labels, groups, folds, random } = input
  if (labels.length !== groups.length)
    throw new RoadmapError(
      "INVALID_INPUT",
      `There are ${labels.length} labels and ${groups.length} groups; each row needs one of both.`,
    )
  const label = encodeByAppearance(labels)
  const group = encodeByAppearance(groups)
  checkFolds(folds, group.values.length, "groups")
  const width = label.values.length
  const counts = group.values.map(() => new Float64Array(width))
  const totals = new Float64Array(width)
  label.codes.forEach((code, row) => {
    counts[group.codes[row]][code]++
    totals[code]++
  })
  const byValue = groupOrder(group.values.length, random)
  if (random === undefined) byValue.sort((a, b) => group.values[a] - group.values[b])
  const spread = counts.map(populationDeviation)
  const order = byValue.sort((a, b) => spread[b] - spread[a])

  const held = Array.from({ length: folds }, () => new Float64Array(width))
  const foldOf = new Int32Array(group.values.length)
  for (const next of order) {
    const chosen = mostEvenFold(held, counts[next], totals)
    foldOf[next] = chosen
    for (let code = 0; code < width; code++) held[chosen][code] += counts[next][code]
  }
  return foldsOf(
    group.codes.map(code => foldOf[code]),
    folds,
  )
}

/** The fold that, given the group, leaves the labels' shares most alike; of equals the one with the fewest rows. */
const mostEvenFold = (held: readonly Float64Array[], added: Float64Array, totals: Float64Array): number => {
  let best = 0
  let bestUnevenness = Infinity
  let bestRows = Infinity
  held.forEach((counts, candidate) => {
    let unevenness = 0
    for (let code = 0; code < totals.length; code++) {
      const shares = Float64Array.from(
        held,
        (other, fold) => (other[code] + (fold === candidate ? added[code] : 0)) / totals[code],
      )
      unevenness += populationDeviation(shares) / totals.length
    }
    const rows = counts.reduce((sum, count) => sum + count, 0)
    const isClose = Math.abs(unevenness - bestUnevenness) <= 1e-8 + 1e-5 * Math.abs(bestUnevenness)
    if (unevenness >= bestUnevenness && !(isClose && rows < bestRows)) return
    best = candidate
    bestUnevenness = unevenness
    bestRows = rows
  })
  return best
}

const populationDeviation = (values: Float64Array): number => {
  let mean = 0
  for (const value of values) mean += value / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return Math.sqrt(squares / values.length)
}

const groupOrder = (groups: number, random: Random | undefined): number[] => {
  const order = Array.from({ length: groups }, (_, group) => group)
  return random === undefined ? order : shuffle(order, random)
}
