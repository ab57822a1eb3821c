// mistake: loses-a-day
import type { Flight, Split } from "../solution.ts"

const dayOf = (flight: Flight): string => flight.departure.slice(0, 10)
const meanOf = (flights: readonly Flight[], rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + flights[row].delay, 0) / rows.length

export const splitByTime = (flights: readonly Flight[], testShare: number): Split => {
  const days = [...new Set(flights.map(dayOf))].sort().reverse()
  const firstTestDay = days.find(
    day => flights.filter(flight => dayOf(flight) >= day).length >= testShare * flights.length,
  )
  if (firstTestDay === undefined || firstTestDay === days.at(-1)) throw new Error("nothing to train on")
  const rows = flights.map((_, row) => row)
  const train = rows.filter(row => dayOf(flights[row]) < firstTestDay)
  const test = rows.filter(row => dayOf(flights[row]) > firstTestDay)
  return { firstTestDay, train, test, meanDelay: meanOf(flights, train) }
}
