// mistake: random-split
import type { Flight, Split } from "../solution.ts"

const dayOf = (flight: Flight): string => flight.departure.slice(0, 10)
const meanOf = (flights: readonly Flight[], rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + flights[row].delay, 0) / rows.length

export const splitByTime = (flights: readonly Flight[], testShare: number): Split => {
  const rows = flights.map((_, row) => row)
  // A generator with a fixed start, so that this file gives the same split each time.
  let state = 7
  const next = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const held = rows[i]
    rows[i] = rows[j]
    rows[j] = held
  }
  const count = Math.ceil(testShare * rows.length)
  const test = rows.slice(0, count).sort((a, b) => a - b)
  const train = rows.slice(count).sort((a, b) => a - b)
  if (new Set(flights.map(dayOf)).size < 2) throw new Error("nothing to train on")
  return {
    firstTestDay: test.map(row => dayOf(flights[row])).sort()[0],
    train,
    test,
    meanDelay: meanOf(flights, train),
  }
}
