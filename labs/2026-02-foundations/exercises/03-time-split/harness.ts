import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { Flight, Split, splitByTime } from "./solution.ts"

export interface Judged extends Split {
  /**
   * Root mean squared error, in minutes, of a model that predicts the mean delay of the 10 training flights nearest in
   * time. Undefined when the split is none.
   */
  error: number | undefined
}

/** (flights, testShare) => the split, and how good it makes the nearest-flights model look. */
export default defineHarness(
  (answer: typeof splitByTime) =>
    (flights: readonly Flight[], testShare: number): Judged => {
      const split = answer(flights, testShare)
      return { ...split, error: isSplit(split) ? nearestFlightsError(flights, split) : undefined }
    },
)

const isSplit = (split: Split): boolean =>
  Array.isArray(split?.train) && Array.isArray(split.test) && split.train.length > 0 && split.test.length > 0

export const nearestFlightsError = (
  flights: readonly Flight[],
  { train, test }: Pick<Split, "train" | "test">,
): number => {
  const known = train
    .map(row => ({ time: minutes(flights[row]), delay: flights[row].delay }))
    .sort((a, b) => a.time - b.time)
  const squares = test.map(row => (nearestMean(known, minutes(flights[row])) - flights[row].delay) ** 2)
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / test.length)
}

const minutes = (flight: Flight): number => Date.parse(`${flight.departure}Z`) / 60_000

const nearestMean = (known: readonly { time: number; delay: number }[], time: number): number => {
  let right = known.findIndex(flight => flight.time >= time)
  if (right < 0) right = known.length
  let left = right - 1
  let sum = 0
  let taken = 0
  for (; taken < 10 && taken < known.length; taken++) {
    const before = known[left]
    const after = known[right]
    const takeBefore = !after || (before && time - before.time <= after.time - time)
    sum += takeBefore ? known[left--].delay : known[right++].delay
  }
  return sum / taken
}
