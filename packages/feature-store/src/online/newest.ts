/**
 * The rows of a batch that remain when each key keeps its newest: by event time, then created time, then position.
 * `starts` are the first rows of the batch's schedules; the answer is positions in it. In ascending order of key, so
 * that two writers of the same keys lock them in the same order.
 */
export const newestRows = (
  keys: readonly string[],
  starts: Uint32Array,
  eventTime: BigInt64Array,
  createdTime: BigInt64Array | undefined,
): Uint32Array => {
  const isNewer = (a: number, b: number): boolean =>
    eventTime[a] !== eventTime[b]
      ? eventTime[a] > eventTime[b]
      : createdTime !== undefined && createdTime[a] > createdTime[b]
  const newest = new Map<string, number>()
  for (let schedule = 0; schedule < starts.length - 1; schedule++) {
    const key = keys[starts[schedule]]
    const other = newest.get(key)
    if (other === undefined || !isNewer(starts[other], starts[schedule])) newest.set(key, schedule)
  }
  const chosen = Uint32Array.from(newest.values())
  const keyOf = (schedule: number) => keys[starts[schedule]]
  return isSorted(chosen, keyOf) ? chosen : chosen.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

const isSorted = (chosen: Uint32Array, keyOf: (schedule: number) => string): boolean => {
  for (let i = 1; i < chosen.length; i++) if (keyOf(chosen[i - 1]) > keyOf(chosen[i])) return false
  return true
}
