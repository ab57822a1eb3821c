export interface Rows {
  train: number
  test: number
}

export interface Comparison {
  difference: number
  low: number
  high: number
  decision: "first" | "second" | "not proven"
}

/** The corrected resampled t-test of two models' scores on the same folds. */
export const compareScores = (
  first: readonly number[],
  second: readonly number[],
  rows: Rows,
  critical: number,
): Comparison => {
  const folds = first.length
  if (folds < 2) throw new Error("At least two folds are needed to see how far scores vary.")
  const differences = first.map((score, fold) => score - second[fold])
  const difference = differences.reduce((sum, one) => sum + one, 0) / folds
  const variance = differences.reduce((sum, one) => sum + (one - difference) ** 2, 0) / (folds - 1)
  const margin = critical * Math.sqrt(variance * (1 / folds + rows.test / rows.train))
  const [low, high] = [difference - margin, difference + margin]
  return { difference, low, high, decision: low > 0 ? "first" : high < 0 ? "second" : "not proven" }
}
