/** What is known of a flight when it leaves. */
export interface Departing {
  origin: string
  destination: string
  /** Minutes since the first day's midnight, as all times here. */
  departure: number
  /** Miles. */
  distance: number
}

/** The same flight in the warehouse, days later. */
export interface Flight extends Departing {
  /** When it touched down. */
  landed: number
  /** When its row arrived in the warehouse: mostly when it landed, sometimes hours later. */
  known: number
  /** Minutes, on arrival: what is to be predicted. */
  delay: number
}

export interface Feature {
  name: string
  /** The code that made the column: the feature of this flight, from these facts. NaN when there is no value. */
  compute: (flight: Departing, facts: readonly Flight[]) => number
}

/**
 * Names of the features whose column cannot have been made from what was known at departure, in the order of `features`.
 * @param flights the rows of the training set, and at the same time all facts there are
 * @param table the training set as it was delivered: for each feature one value a flight, NaN for none
 * @param features the columns' code
 */
export const findLeaks = (
  flights: readonly Flight[],
  table: Record<string, number[]>,
  features: readonly Feature[],
): string[] => {
  return features.map(({ name }) => `${name}: ${table[name].length} of ${flights.length}`)
}
