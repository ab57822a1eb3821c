// mistake: shows-the-outcome
import type { Feature, Flight } from "../solution.ts"

export const findLeaks = (
  flights: readonly Flight[],
  table: Record<string, number[]>,
  features: readonly Feature[],
): string[] =>
  features
    .filter(({ name, compute }) =>
      flights.some((flight, row) => {
        const facts = flights.filter(fact => fact.known <= flight.departure)
        return !same(table[name][row], compute(flight, facts))
      }),
    )
    .map(({ name }) => name)

const same = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) <= 1e-6
