import { RoadmapError } from "@roadmap/core/errors"
import { checkWhole, emptyFold, type Folds, lazyFolds } from "./fold.ts"

/**
 * Folds for rows that are in the order of time: each tests the `testRows` rows after the ones before it, and
 * trains on the rows before those, all of them (expanding) or the last `trainRows` (rolling), less the `gap`
 * rows next to the test. The same folds as scikit-learn's `TimeSeriesSplit`. Rows of one moment may end up on
 * both sides, and a label that becomes known late leaks: `purgedFolds` goes by timestamps instead. Throws
 * INVALID_INPUT.
 */
export const timeSeriesFolds = (input: {
  readonly rows: number
  readonly folds: number
  /** Rows of each test. Default: rows / (folds + 1), rounded down. */
  readonly testRows?: number
  /** Most rows to train on, the latest ones. Default: all. */
  readonly trainRows?: number
  /** Rows left out before each test. Default 0. */
  readonly gap?: number
}): Folds => {
  const { rows, folds, trainRows = rows, gap = 0 } = input
  checkWhole("folds", folds, 1)
  const { testRows = Math.floor(rows / (folds + 1)) } = input
  checkWhole("testRows", testRows, 1)
  checkWhole("trainRows", trainRows, 1)
  checkWhole("gap", gap, 0)
  const firstTest = rows - folds * testRows
  if (firstTest < 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${folds} folds of ${testRows} test rows need ${folds * testRows} rows; there are ${rows}.`,
    )
  if (firstTest - gap <= 0) throw emptyFold(0, "train", "Use fewer folds, fewer test rows or a smaller gap.")
  return lazyFolds(folds, fold => {
    const test = firstTest + fold * testRows
    return {
      train: range(Math.max(0, test - gap - trainRows), test - gap),
      test: range(test, test + testRows),
    }
  })
}

const range = (first: number, last: number): Int32Array =>
  Int32Array.from({ length: last - first }, (_, i) => first + i)
