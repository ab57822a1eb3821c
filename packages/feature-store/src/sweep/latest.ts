import type { Grouped } from "./sort.ts"

/** Orders two rows of the facts' table: above zero when the first wins a tie. */
export type CompareRows = (a: number, b: number) => number

/**
 * For each place of the facts, the place of the fact that a label sees whose last known fact it is: the greatest by
 * `compare` among all facts of the key known up to that time.
 */
export const bestPlaces = ({ rows, starts, times }: Grouped, compare: CompareRows): Int32Array => {
  const best = new Int32Array(rows.length)
  for (let key = 0; key < starts.length - 1; key++) {
    let winner = -1
    for (let place = starts[key]; place < starts[key + 1]; ) {
      let end = place
      for (; end < starts[key + 1] && times[end] === times[place]; end++)
        if (winner === -1 || compare(rows[end], rows[winner]) > 0) winner = end
      best.fill(winner, place, end)
      place = end
    }
  }
  return best
}

/**
 * For each place of the facts, the place of the last fact with a value (not NaN) of its key known up to that time;
 * -1 when there is none. Among facts known at one moment `compare` decides.
 */
export const lastPlaces = (
  { rows, starts, times }: Grouped,
  values: Float64Array,
  compare: CompareRows,
): Int32Array => {
  const last = new Int32Array(rows.length)
  for (let key = 0; key < starts.length - 1; key++) {
    let winner = -1
    for (let place = starts[key]; place < starts[key + 1]; ) {
      let end = place
      let own = -1
      for (; end < starts[key + 1] && times[end] === times[place]; end++)
        if (!Number.isNaN(values[end]) && (own === -1 || compare(rows[end], rows[own]) > 0)) own = end
      if (own !== -1) winner = own
      last.fill(winner, place, end)
      place = end
    }
  }
  return last
}

/** The greater number wins, NaN (a null) is least. */
export const compareNumbers = (a: number, b: number): number => {
  if (a === b) return 0
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  return Number.isNaN(b) || a > b ? 1 : -1
}

/** By code points, as SQL engines compare UTF-8 bytes. */
export const compareTexts = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
