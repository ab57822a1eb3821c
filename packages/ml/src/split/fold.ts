import { RoadmapError } from "@roadmap/core/errors"

/** Rows to fit on and rows to judge by: row numbers, each ascending, none in both. */
export interface Fold {
  readonly train: Int32Array
  readonly test: Int32Array
}

/** The folds of a splitter. Each is made when it is asked for; going over them again gives the same ones. */
export interface Folds extends Iterable<Fold> {
  readonly count: number
}

/** Folds made one by one by `make(0)`, `make(1)`, … */
export const lazyFolds = (count: number, make: (fold: number) => Fold): Folds => ({
  count,
  *[Symbol.iterator]() {
    for (let fold = 0; fold < count; fold++) yield make(fold)
  },
})

/** Folds from the number of the one that tests each row: all other rows are its training rows. */
export const foldsOf = (testedIn: Int32Array, count: number): Folds => {
  const sizes = new Int32Array(count)
  for (let row = 0; row < testedIn.length; row++) sizes[testedIn[row]]++
  const empty = sizes.indexOf(0)
  if (empty >= 0) throw emptyFold(empty, "test", "Use fewer folds.")
  return lazyFolds(count, fold => selectRows(testedIn.length, row => (testedIn[row] === fold ? 1 : -1)))
}

/** Rows where `side` is above 0 are tested, where it is below 0 trained on; 0 leaves a row out. */
export const selectRows = (rows: number, side: (row: number) => number): Fold => {
  const train = new Int32Array(rows)
  const test = new Int32Array(rows)
  let trained = 0
  let tested = 0
  for (let row = 0; row < rows; row++) {
    const where = side(row)
    if (where > 0) test[tested++] = row
    else if (where < 0) train[trained++] = row
  }
  return { train: train.slice(0, trained), test: test.slice(0, tested) }
}

/** Throws INVALID_INPUT unless 2 <= folds <= rows. */
export const checkFolds = (folds: number, rows: number, what = "rows"): void => {
  if (Number.isInteger(folds) && folds >= 2 && folds <= rows) return
  throw new RoadmapError(
    "INVALID_INPUT",
    `${folds} folds of ${rows} ${what} cannot be made; give a whole number from 2 to the number of ${what}.`,
  )
}

/** Throws INVALID_INPUT unless the value is a whole number of at least `low`. */
export const checkWhole = (name: string, value: number, low: number): void => {
  if (Number.isInteger(value) && value >= low) return
  throw new RoadmapError(
    "INVALID_INPUT",
    `${name} is ${value}; it must be a whole number of at least ${low}.`,
  )
}

export const emptyFold = (fold: number, side: "train" | "test", hint: string): RoadmapError =>
  new RoadmapError(
    "INVALID_INPUT",
    `Fold ${fold + 1} has no ${side === "train" ? "training" : "test"} rows.`,
    {
      hint,
    },
  )
