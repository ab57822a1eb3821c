// mistake: replays-by-departure
import type { Feature, Flight } from "../solution.ts"

export const findLeaks = (
  flights: readonly Flight[],
  table: Record<string, number[]>,
  features: readonly Feature[],
): string[] =>
  features
    .filter(({ name, compute }) =>
      flights.some(({ origin, destination, departure, distance }, row) => {
        const then = { origin, destination, departure, distance }
        return !same(
          table[name][row],
          compute(
            then,
            flights.filter(fact => fact.departure < departure),
          ),
        )
      }),
    )
    .map(({ name }) => name)

const same = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) <= 1e-6
