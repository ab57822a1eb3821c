export interface Flight {
  origin: string
  destination: string
  day: number
  fold: number
  delay: number
}

export interface Statistics {
  originDelay: number
  routeDelay: number
  routeFlightsADay: number
}

interface Sums {
  flights: number
  delay: number
}

/** Delay statistics of each flight's origin and route, from training flights of other folds only. */
export const crossFit = (flights: readonly Flight[], smoothing: number): Statistics[] => {
  const training = flights.filter(flight => flight.fold >= 0)
  const known = new Map<number, ReturnType<typeof sumsOf>>()
  for (const { fold } of flights)
    if (!known.has(fold)) known.set(fold, sumsOf(training.filter(flight => flight.fold !== fold)))

  return flights.map(({ origin, destination, fold }) => {
    const { overall, byGroup, days } = known.get(fold)!
    const route = byGroup.get(`${origin} ${destination}`)
    const originDelay = smoothed(byGroup.get(origin), overall.delay / overall.flights, smoothing)
    return {
      originDelay,
      routeDelay: smoothed(route, originDelay, smoothing),
      routeFlightsADay: (route?.flights ?? 0) / days,
    }
  })
}

const sumsOf = (flights: readonly Flight[]) => {
  const overall: Sums = { flights: 0, delay: 0 }
  const byGroup = new Map<string, Sums>()
  for (const { origin, destination, delay } of flights)
    for (const group of [overall, groupOf(byGroup, origin), groupOf(byGroup, `${origin} ${destination}`)]) {
      group.flights++
      group.delay += delay
    }
  return { overall, byGroup, days: new Set(flights.map(flight => flight.day)).size }
}

const groupOf = (groups: Map<string, Sums>, name: string): Sums => {
  const found = groups.get(name) ?? { flights: 0, delay: 0 }
  groups.set(name, found)
  return found
}

const smoothed = (group: Sums | undefined, wider: number, smoothing: number): number =>
  ((group?.delay ?? 0) + smoothing * wider) / ((group?.flights ?? 0) + smoothing)
