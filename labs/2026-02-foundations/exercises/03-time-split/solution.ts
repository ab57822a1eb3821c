export interface Flight {
  departure: string
  delay: number
}

export interface Split {
  firstTestDay: string
  train: number[]
  test: number[]
  meanDelay: number
}

const dayOf = (flight: Flight): string => flight.departure.slice(0, 10)

/** Splits flights by whole days: the last days, at least `testShare` of all flights, are the test set. */
export const splitByTime = (flights: readonly Flight[], testShare: number): Split => {
  const days = flights.map(dayOf)
  const counts = new Map<string, number>()
  for (const day of days) counts.set(day, (counts.get(day) ?? 0) + 1)
  const latestFirst = [...counts.keys()].sort().reverse()
  let held = 0
  const firstTestDay = latestFirst.find(day => {
    held += counts.get(day) ?? 0
    return held >= testShare * flights.length
  })
  if (firstTestDay === undefined || held === flights.length)
    throw new Error("No flight is left to train on: there are too few days.")
  const rows = flights.map((_, row) => row)
  const train = rows.filter(row => days[row] < firstTestDay)
  const test = rows.filter(row => days[row] >= firstTestDay)
  const total = train.reduce((sum, row) => sum + flights[row].delay, 0)
  return { firstTestDay, train, test, meanDelay: total / train.length }
}
