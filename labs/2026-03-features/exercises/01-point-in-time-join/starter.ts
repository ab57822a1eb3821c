export interface Label {
  /** Null when it was not recorded. */
  airport: string | null
  /** Minutes since midnight. */
  time: number
}

/** A flight, as a row of the warehouse. */
export interface Fact {
  /** Where it left from; null when that was not recorded. */
  airport: string | null
  /** When it left. All times are minutes since midnight. */
  departure: number
  /** When it had arrived, and its delay could be known. */
  known: number
  /** When this row was written. A corrected row is written later. */
  written: number
  /** Minutes, on arrival. */
  delay: number
}

/**
 * For each label, the delay of the latest flight from its airport that was known at its time.
 * @param labels in any order
 * @param facts in any order
 * @param ttl minutes after its departure for which a flight says something
 * @returns one value a label, in the labels' order; null where nothing is known
 */
export const pointInTimeJoin = (
  labels: readonly Label[],
  facts: readonly Fact[],
  ttl: number,
): (number | null)[] => {
  return labels.map(() => facts.length + ttl)
}
