// mistake: scans-for-each-time
export const windowMeans = (
  times: readonly number[],
  known: readonly number[],
  delays: readonly number[],
  window: number,
): number[] =>
  times.map(time => {
    let sum = 0
    let count = 0
    for (let i = 0; i < known.length; i++) {
      if (known[i] <= time - window || known[i] > time || Number.isNaN(delays[i])) continue
      sum += delays[i]
      count++
    }
    return sum / count
  })
