// mistake: sorts-labels
import type { Fact, Label } from "../solution.ts"

export const pointInTimeJoin = (
  labels: readonly Label[],
  facts: readonly Fact[],
  ttl: number,
): (number | null)[] => {
  const sorted = [...facts].sort(
    (a, b) => a.departure - b.departure || a.known - b.known || a.written - b.written,
  )
  return [...labels]
    .sort((a, b) => a.time - b.time)
    .map(({ airport, time }) => {
      const latest = sorted.findLast(
        fact => airport !== null && fact.airport === airport && fact.known <= time,
      )
      return latest && time - latest.departure <= ttl ? latest.delay : null
    })
}
