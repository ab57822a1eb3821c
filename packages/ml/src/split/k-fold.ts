import { RoadmapError } from "@roadmap/core/errors"
import { type Random, shuffle } from "@roadmap/core/random"
import type { NumericArray } from "../input.ts"
import { checkFolds, type Folds, foldsOf } from "./fold.ts"

/**
 * Every row is tested once, in one of `folds` parts of nearly equal size: in the order of the rows, or at
 * random when `random` is given. Rows that belong together leak across it: see `groupKFold` and
 * `purgedFolds`. Throws INVALID_INPUT.
 */
export const kFold = (input: {
  readonly rows: number
  readonly folds: number
  readonly random?: Random
}): Folds => {
  const { rows, folds, random } = input
  checkFolds(folds, rows)
  const testedIn = new Int32Array(rows)
  const larger = rows % folds
  const size = Math.floor(rows / folds)
  for (let fold = 0, first = 0; fold < folds; fold++) {
    const last = first + size + (fold < larger ? 1 : 0)
    testedIn.fill(fold, first, last)
    first = last
  }
  return foldsOf(random === undefined ? testedIn : shuffle(testedIn, random), folds)
}

/**
 * K-fold in which every part has each label's share of the rows, to within one row. `labels` are any numbers
 * that repeat. The same folds as scikit-learn's `StratifiedKFold` when `random` is not given. Throws
 * INVALID_INPUT, also for a label with fewer rows than folds.
 */
export const stratifiedKFold = (input: {
  readonly labels: NumericArray
  readonly folds: number
  readonly random?: Random
}): Folds => {
  const { labels, folds, random } = input
  checkFolds(folds, labels.length)
  const { codes, values } = encodeByAppearance(labels)
  const counts = new Int32Array(values.length)
  for (let row = 0; row < codes.length; row++) counts[codes[row]]++
  const rare = counts.findIndex(count => count < folds)
  if (rare >= 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The label ${values[rare]} has ${counts[rare]} rows; ${folds} stratified folds need as many at least.`,
      { hint: "Use fewer folds, or join rare labels." },
    )
  // Sorted by label and dealt out one by one, the rows show how many of each label a fold gets.
  const share = values.map(() => new Int32Array(folds))
  let place = 0
  counts.forEach((count, code) => {
    for (let i = 0; i < count; i++) share[code][place++ % folds]++
  })
  const queues = share.map(sizes => {
    const queue = Int32Array.from(
      Array.from(sizes, (size, fold) => new Array<number>(size).fill(fold)).flat(),
    )
    return random === undefined ? queue : shuffle(queue, random)
  })
  const dealt = new Int32Array(values.length)
  const testedIn = codes.map(code => queues[code][dealt[code]++])
  return foldsOf(testedIn, folds)
}

/** Numbers 0, 1, … for the values, in order of first appearance. Throws INVALID_INPUT for NaN. */
export const encodeByAppearance = (given: NumericArray): { codes: Int32Array; values: number[] } => {
  const codeOf = new Map<number, number>()
  const codes = new Int32Array(given.length)
  for (let row = 0; row < given.length; row++) {
    const value = given[row]
    if (Number.isNaN(value)) throw new RoadmapError("INVALID_INPUT", `Row ${row} has the label or group NaN.`)
    let code = codeOf.get(value)
    if (code === undefined) codeOf.set(value, (code = codeOf.size))
    codes[row] = code
  }
  return { codes, values: [...codeOf.keys()] }
}
