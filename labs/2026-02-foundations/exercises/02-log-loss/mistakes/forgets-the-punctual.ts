// mistake: forgets-the-punctual
export const logLoss = (
  labels: readonly number[],
  probabilities: readonly number[],
  weights: readonly number[] = labels.map(() => 1),
): number => {
  let sum = 0
  let total = 0
  labels.forEach((y, i) => {
    if (!(probabilities[i] >= 0 && probabilities[i] <= 1)) throw new Error("not a probability")
    const p = Math.min(Math.max(probabilities[i], 1e-15), 1 - 1e-15)
    sum -= weights[i] * y * Math.log(p)
    total += weights[i]
  })
  return sum / total
}
