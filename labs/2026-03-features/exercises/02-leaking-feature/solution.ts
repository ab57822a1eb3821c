export interface Departing {
  origin: string
  destination: string
  departure: number
  distance: number
}

export interface Flight extends Departing {
  landed: number
  known: number
  delay: number
}

export interface Feature {
  name: string
  compute: (flight: Departing, facts: readonly Flight[]) => number
}

/** Names of the features whose column cannot have been made from what was known at departure. */
export const findLeaks = (
  flights: readonly Flight[],
  table: Record<string, number[]>,
  features: readonly Feature[],
): string[] => {
  const replayed = flights.map(({ origin, destination, departure, distance }) => ({
    flight: { origin, destination, departure, distance },
    facts: flights.filter(fact => fact.known <= departure),
  }))
  return features
    .filter(({ name, compute }) =>
      replayed.some(({ flight, facts }, row) => differ(table[name][row], compute(flight, facts))),
    )
    .map(feature => feature.name)
}

const differ = (a: number, b: number): boolean =>
  Number.isNaN(a) || Number.isNaN(b) ? Number.isNaN(a) !== Number.isNaN(b) : Math.abs(a - b) > 1e-6
