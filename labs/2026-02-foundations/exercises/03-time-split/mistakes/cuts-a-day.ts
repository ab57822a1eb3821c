// mistake: cuts-a-day
import type { Flight, Split } from "../solution.ts"

const dayOf = (flight: Flight): string => flight.departure.slice(0, 10)
const meanOf = (flights: readonly Flight[], rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + flights[row].delay, 0) / rows.length

export const splitByTime = (flights: readonly Flight[], testShare: number): Split => {
  const rows = flights
    .map((_, row) => row)
    .sort((a, b) => (flights[a].departure < flights[b].departure ? -1 : 1))
  const cut = rows.length - Math.ceil(testShare * rows.length)
  const test = rows.slice(cut).sort((a, b) => a - b)
  const train = rows.slice(0, cut).sort((a, b) => a - b)
  return { firstTestDay: dayOf(flights[rows[cut]]), train, test, meanDelay: meanOf(flights, train) }
}
