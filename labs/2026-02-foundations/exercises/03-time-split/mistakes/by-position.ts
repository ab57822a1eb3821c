// mistake: by-position
import type { Flight, Split } from "../solution.ts"

const dayOf = (flight: Flight): string => flight.departure.slice(0, 10)
const meanOf = (flights: readonly Flight[], rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + flights[row].delay, 0) / rows.length

export const splitByTime = (flights: readonly Flight[], testShare: number): Split => {
  const rows = flights.map((_, row) => row)
  let cut = rows.length - Math.ceil(testShare * rows.length)
  while (cut > 0 && dayOf(flights[cut - 1]) === dayOf(flights[cut])) cut--
  if (cut === 0) throw new Error("nothing to train on")
  const train = rows.slice(0, cut)
  return {
    firstTestDay: dayOf(flights[cut]),
    train,
    test: rows.slice(cut),
    meanDelay: meanOf(flights, train),
  }
}
