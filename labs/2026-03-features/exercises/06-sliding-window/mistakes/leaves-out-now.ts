// mistake: leaves-out-now
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
    if (Number.isNaN(delay)) return
    sum += sign * delay
    count += sign
  }
  return times.map(time => {
    while (entered < known.length && known[entered] < time) add(delays[entered++], 1)
    while (left < entered && known[left] <= time - window) add(delays[left++], -1)
    return sum / count
  })
}
