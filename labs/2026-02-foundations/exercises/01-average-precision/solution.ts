/** Average precision: the sum over thresholds of precision × growth of recall. Equal scores are one threshold. */
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  const positives = labels.filter(label => label === 1).length
  if (positives === 0) throw new Error("Average precision needs at least one positive label.")
  const order = scores.map((_, row) => row).sort((a, b) => scores[b] - scores[a])
  let sum = 0
  let hits = 0
  let hitsBefore = 0
  for (const [place, row] of order.entries()) {
    hits += labels[row]
    const next = order[place + 1]
    if (next !== undefined && scores[next] === scores[row]) continue
    const precision = hits / (place + 1)
    sum += (precision * (hits - hitsBefore)) / positives
    hitsBefore = hits
  }
  return sum
}
