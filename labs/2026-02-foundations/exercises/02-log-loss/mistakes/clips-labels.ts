// mistake: clips-labels
export const logLoss = (
  labels: readonly number[],
  probabilities: readonly number[],
  weights: readonly number[] = labels.map(() => 1),
): number => {
  let sum = 0
  let total = 0
  labels.forEach((label, i) => {
    const y = Math.min(Math.max(label, 1e-15), 1 - 1e-15)
    const p = probabilities[i]
    if (!(p >= 0 && p <= 1)) throw new Error("not a probability")
    sum -= weights[i] * (y * Math.log(p) + (1 - y) * Math.log(1 - p))
    total += weights[i]
  })
  return sum / total
}
