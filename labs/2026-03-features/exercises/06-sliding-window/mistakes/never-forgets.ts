// mistake: never-forgets
export const windowMeans = (
  times: readonly number[],
  known: readonly number[],
  delays: readonly number[],
  _window: number,
): number[] => {
  let entered = 0
  let sum = 0
  let count = 0
  const add = (delay: number, sign: number) => {
    if (Number.isNaN(delay)) return
    sum += sign * delay
    count += sign
  }
  return times.map(time => {
    while (entered < known.length && known[entered] <= time) add(delays[entered++], 1)
    return sum / count
  })
}
