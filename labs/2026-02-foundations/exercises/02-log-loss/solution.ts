const clip = 1e-15

/** Mean negative log likelihood of labels under probabilities, in nats; finite at 0 and 1. */
export const logLoss = (
  labels: readonly number[],
  probabilities: readonly number[],
  weights?: readonly number[],
): number => {
  let loss = 0
  let total = 0
  for (const [row, label] of labels.entries()) {
    const probability = probabilities[row]
    if (!(probability >= 0 && probability <= 1))
      throw new Error(`${probability} is no probability: it must lie in 0..1.`)
    const clipped = Math.min(Math.max(probability, clip), 1 - clip)
    const weight = weights?.[row] ?? 1
    loss -= weight * Math.log(label === 1 ? clipped : 1 - clipped)
    total += weight
  }
  return loss / total
}
