// mistake: counts-not-scaled
import type { Flight, Statistics } from "../solution.ts"

const total = (flights: readonly Flight[]) => flights.reduce((sum, flight) => sum + flight.delay, 0)

export const crossFit = (flights: readonly Flight[], smoothing: number): Statistics[] =>
  flights.map(flight => {
    const known = flights.filter(other => other.fold >= 0 && other.fold !== flight.fold)
    const overall = total(known) / known.length
    const fromOrigin = known.filter(other => other.origin === flight.origin)
    const onRoute = fromOrigin.filter(other => other.destination === flight.destination)
    const originDelay = (total(fromOrigin) + smoothing * overall) / (fromOrigin.length + smoothing)
    const routeDelay = (total(onRoute) + smoothing * originDelay) / (onRoute.length + smoothing)
    return { originDelay, routeDelay, routeFlightsADay: onRoute.length }
  })
