/** For each time, the mean delay of the facts that became known in the window before it. */
export const windowMeans = (
  times: readonly number[],
  known: readonly number[],
  delays: readonly number[],
  window: number,
): number[] => {
  let entered = 0
  let left = 0
  let sum = 0
  let count = 0
  const include = (delay: number, sign: 1 | -1) => {
    if (Number.isNaN(delay)) return
    sum += sign * delay
    count += sign
  }
  return times.map(time => {
    while (entered < known.length && known[entered] <= time) include(delays[entered++], 1)
    while (left < entered && known[left] <= time - window) include(delays[left++], -1)
    return sum / count
  })
}
