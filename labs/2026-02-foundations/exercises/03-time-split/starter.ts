export interface Flight {
  /** Local time, to the minute: "2001-05-01T07:15". */
  departure: string
  /** Minutes. */
  delay: number
}

export interface Split {
  /** "2001-05-02" */
  firstTestDay: string
  /** Row numbers, ascending. */
  train: number[]
  /** Row numbers, ascending. */
  test: number[]
  /** Mean delay of the training flights. */
  meanDelay: number
}

/**
 * Splits flights by whole days: the last days, at least `testShare` of all flights, are the test set.
 * @param flights in any order
 * @param testShare above 0 and below 1
 * @throws Error when no flight is left for training
 */
export const splitByTime = (flights: readonly Flight[], testShare: number): Split => {
  const rows = flights.map((_, row) => row)
  return { firstTestDay: "", train: rows, test: [], meanDelay: testShare }
}
