// mistake: missing-counts-as-zero
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
  const add = (delay: number, sign: number) => {
    sum += sign * (Number.isNaN(delay) ? 0 : delay)
    count += sign
  }
  return times.map(time => {
    while (entered < known.length && known[entered] <= time) add(delays[entered++], 1)
    while (left < entered && known[left] <= time - window) add(delays[left++], -1)
    return sum / count
  })
}
