// mistake: doubles-labels
import type { Fact, Label } from "../solution.ts"

export const pointInTimeJoin = (
  labels: readonly Label[],
  facts: readonly Fact[],
  ttl: number,
): (number | null)[] =>
  labels.flatMap(({ airport, time }) => {
    const seen = facts.filter(fact => airport !== null && fact.airport === airport && fact.known <= time)
    const departure = Math.max(...seen.map(fact => fact.departure))
    if (!(time - departure <= ttl)) return [null]
    return seen.filter(fact => fact.departure === departure).map(fact => fact.delay)
  })
