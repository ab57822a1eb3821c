export interface Label {
  airport: string | null
  time: number
}

export interface Fact {
  airport: string | null
  departure: number
  known: number
  written: number
  delay: number
}

/** For each label, the delay of the latest flight from its airport that was known at its time. */
export const pointInTimeJoin = (
  labels: readonly Label[],
  facts: readonly Fact[],
  ttl: number,
): (number | null)[] => {
  const byAirport = Map.groupBy(facts, fact => fact.airport)
  return labels.map(({ airport, time }) => {
    let latest: Fact | undefined
    for (const fact of (airport !== null && byAirport.get(airport)) || [])
      if (fact.known <= time && (!latest || isLater(fact, latest))) latest = fact
    return latest && time - latest.departure <= ttl ? latest.delay : null
  })
}

const isLater = (a: Fact, b: Fact): boolean =>
  (a.departure - b.departure || a.known - b.known || a.written - b.written) > 0
