/** What calls of one model take, learned from the calls themselves. Times in milliseconds. */
export interface CostEstimate {
  record(rows: number, ms: number): void
  /** What a call of so many rows will take; undefined before anything is known. */
  estimate(rows: number): number | undefined
}

/** The first calls run code that is not compiled yet. */
const ignoredCalls = 3
/** An average that falls quickly and rises slowly: what interrupts a call (other processes, garbage) is not its cost. */
const [falling, rising] = [0.1, 0.02]
/** Up to here a call is nearly all fixed cost; from here on nearly all rows. */
const fewRows = 8

/** Two moving averages: a call of few rows, and one row of a call with many. */
export const estimateCost = (): CostEstimate => {
  let calls = 0
  let fixed: number | undefined
  let perRow: number | undefined
  const blend = (average: number | undefined, value: number) =>
    average === undefined ? value : average + (value < average ? falling : rising) * (value - average)
  return {
    record(rows, ms) {
      if (calls < ignoredCalls) calls++
      else if (rows <= fewRows) fixed = blend(fixed, ms)
      else perRow = blend(perRow, ms / rows)
    },
    estimate(rows) {
      if (rows <= fewRows) return fixed
      // Nothing known of many rows: as if each were a call.
      const each = perRow ?? fixed
      return each === undefined ? undefined : Math.max(fixed ?? 0, each * rows)
    },
  }
}
