// mistake: ties-by-position
import type { Fact, Label } from "../solution.ts"

export const pointInTimeJoin = (
  labels: readonly Label[],
  facts: readonly Fact[],
  ttl: number,
): (number | null)[] =>
  labels.map(({ airport, time }) => {
    let latest: Fact | undefined
    for (const fact of facts)
      if (
        airport !== null &&
        fact.airport === airport &&
        fact.known <= time &&
        (!latest || isLater(fact, latest))
      )
        latest = fact
    return latest && time - latest.departure <= ttl ? latest.delay : null
  })

const isLater = (a: Fact, b: Fact): boolean => a.departure >= b.departure
