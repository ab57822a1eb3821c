import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { Departing, Feature, Flight, findLeaks } from "./solution.ts"

/** (flights, table) => the leaking features. The features are functions, so they are made here, beside the answer. */
export default defineHarness(
  (answer: typeof findLeaks) => (flights: readonly Flight[], table: Record<string, number[]>) =>
    answer(
      flights,
      table,
      Object.keys(table).map((name): Feature => ({ name, compute: features[name] })),
    ),
)

const hours = (count: number) => 60 * count
const mean = (facts: readonly Flight[]) => facts.reduce((sum, fact) => sum + fact.delay, 0) / facts.length

/** The code that made the table's columns. It computes from what it is given, and cannot know whether that was known. */
export const features: Record<string, (flight: Departing, facts: readonly Flight[]) => number> = {
  origin_delay: ({ origin, departure }, facts) =>
    mean(facts.filter(fact => fact.origin === origin && fact.departure > departure - hours(8))),
  route_delay: ({ origin, destination }, facts) =>
    mean(facts.filter(fact => fact.origin === origin && fact.destination === destination)),
  inbound_delay: ({ origin }, facts) => {
    const inbound = facts.filter(fact => fact.destination === origin)
    const last = Math.max(...inbound.map(fact => fact.departure))
    return inbound.find(fact => fact.departure === last)?.delay ?? Number.NaN
  },
  network_delay: ({ departure }, facts) => mean(facts.filter(fact => fact.departure > departure - hours(4))),
  traffic: ({ origin, departure }, facts) =>
    facts.filter(fact => fact.origin === origin && fact.departure > departure - hours(6)).length,
  hour: ({ departure }) => Math.floor(departure / 60) % 24,
  distance: flight => flight.distance,
  // A column of the flight's own row, filled when it is on the ground.
  speed: flight => {
    const { landed, departure, distance } = flight as Flight
    return distance / (landed - departure)
  },
}
