// mistake: drops-labels
import type { Fact, Label } from "../solution.ts"

export const pointInTimeJoin = (
  labels: readonly Label[],
  facts: readonly Fact[],
  ttl: number,
): (number | null)[] =>
  labels.flatMap(({ airport, time }) => {
    const seen = facts.filter(
      fact =>
        airport !== null && fact.airport === airport && fact.known <= time && time - fact.departure <= ttl,
    )
    const latest = seen.sort(
      (a, b) => b.departure - a.departure || b.known - a.known || b.written - a.written,
    )[0]
    return latest ? [latest.delay] : []
  })
