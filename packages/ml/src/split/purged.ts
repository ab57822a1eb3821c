import { RoadmapError } from "@roadmap/core/errors"
import type { NumericArray } from "../input.ts"
import { checkFolds, emptyFold, type Folds, lazyFolds, selectRows } from "./fold.ts"

export interface PurgedFoldsInput {
  /** When each row's features were taken. Any unit, any order of rows. */
  readonly timestamps: NumericArray | BigInt64Array
  /** When each row's label became known, not before its timestamp. Default: at its timestamp. */
  readonly labelTimes?: NumericArray | BigInt64Array
  /**
   * Either a number of periods with about equally many rows, or the starts b1 < b2 < … of the test periods:
   * [b1, b2), [b2, b3), …, from the last on.
   */
  readonly periods: number | readonly number[]
  /**
   * "past" (walk forward): trains on rows before the test alone; the rows before the first test are never
   * tested. "around": also on rows after it; every period is tested. Default "past".
   */
  readonly train?: "past" | "around"
  /** Rolling training window: rows more than this before the test are left out. Default: no limit. */
  readonly window?: number
  /** Least time between a training label's becoming known and the start of the test. Default 0. */
  readonly purge?: number
  /** Least time between the last test label's becoming known and a training row after the test. Default 0. */
  readonly embargo?: number
}

/**
 * Folds by time without overlap of labels (López de Prado, Advances in Financial Machine Learning, 2018,
 * chapter 7). A training row before the test is kept only if its label was known more than `purge` before the
 * test starts; one after it only if it was taken more than `embargo` after the last test label was known.
 * Rows of one moment are never on both sides. Throws INVALID_INPUT, also for a fold that is left without
 * rows.
 */
export const purgedFolds = (input: PurgedFoldsInput): Folds => {
  const { train = "past", window = Infinity, purge = 0, embargo = 0 } = input
  const times = toTimes("timestamps", input.timestamps)
  const labelTimes = input.labelTimes === undefined ? times : toTimes("labelTimes", input.labelTimes)
  checkLabelTimes(times, labelTimes)
  for (const [name, value] of Object.entries({ window, purge, embargo }))
    if (!(value >= 0)) throw new RoadmapError("INVALID_INPUT", `${name} is ${value}; it must be 0 or more.`)
  const starts = startsOf(times, input.periods, train)

  // Period of each row; -1 before the first test.
  const periodOf = new Int32Array(times.length)
  const labelEnds = new Float64Array(starts.length).fill(-Infinity)
  for (let row = 0; row < times.length; row++) {
    let period = starts.length - 1
    while (period >= 0 && times[row] < starts[period]) period--
    periodOf[row] = period
    if (period >= 0 && labelTimes[row] > labelEnds[period]) labelEnds[period] = labelTimes[row]
  }
  const trainsOn = (row: number, fold: number): boolean =>
    times[row] < starts[fold]
      ? labelTimes[row] < starts[fold] - purge && times[row] >= starts[fold] - window
      : train === "around" && times[row] > labelEnds[fold] + embargo
  for (let fold = 0; fold < starts.length; fold++) {
    if (labelEnds[fold] === -Infinity) throw emptyFold(fold, "test", "Choose periods inside the data.")
    let row = 0
    while (row < times.length && (periodOf[row] === fold || !trainsOn(row, fold))) row++
    if (row === times.length)
      throw emptyFold(fold, "train", "Start the tests later, or use a smaller purge or a longer window.")
  }
  return lazyFolds(starts.length, fold =>
    selectRows(times.length, row => (periodOf[row] === fold ? 1 : trainsOn(row, fold) ? -1 : 0)),
  )
}

const toTimes = (name: string, given: NumericArray | BigInt64Array): Float64Array => {
  const times = given instanceof Float64Array ? given : Float64Array.from(given, Number)
  const wrong = times.findIndex(time => !Number.isFinite(time))
  if (wrong >= 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${name} holds ${times[wrong]} at row ${wrong}; every row needs a time.`,
    )
  return times
}

const checkLabelTimes = (times: Float64Array, labelTimes: Float64Array): void => {
  if (labelTimes.length !== times.length)
    throw new RoadmapError(
      "INVALID_INPUT",
      `labelTimes has ${labelTimes.length} values; there are ${times.length} timestamps.`,
    )
  for (let row = 0; row < times.length; row++)
    if (labelTimes[row] < times[row])
      throw new RoadmapError(
        "INVALID_INPUT",
        `The label of row ${row} is known at ${labelTimes[row]}, before the row itself at ${times[row]}.`,
      )
}

/** Where the test periods start. A number of periods is cut by rows, at times that are in the data. */
const startsOf = (
  times: Float64Array,
  periods: PurgedFoldsInput["periods"],
  train: "past" | "around",
): readonly number[] => {
  if (typeof periods === "number") {
    const parts = train === "past" ? periods + 1 : periods
    checkFolds(parts, times.length)
    const sorted = times.toSorted()
    const starts = Array.from(
      { length: parts },
      (_, part) => sorted[Math.floor((part * times.length) / parts)],
    )
    for (let part = 1; part < parts; part++)
      if (starts[part] === starts[part - 1])
        throw new RoadmapError(
          "INVALID_INPUT",
          `${periods} periods cannot be cut: too many rows have the time ${starts[part]}.`,
          { hint: "Use fewer periods, or give their starts." },
        )
    return train === "past" ? starts.slice(1) : starts
  }
  const wrong = periods.findIndex((start, i) => Number.isNaN(start) || (i > 0 && !(start > periods[i - 1])))
  if (wrong >= 0 || periods.length === 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The starts of the test periods must ascend; they are ${periods.join(", ") || "none"}.`,
    )
  return periods
}
