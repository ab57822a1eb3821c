// mistake: ties-by-input-order
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  const positives = labels.filter(label => label === 1).length
  if (positives === 0) throw new Error("no positive label")
  const order = scores.map((_, row) => row).sort((a, b) => scores[b] - scores[a])
  let sum = 0
  let hits = 0
  for (const [place, row] of order.entries()) {
    if (labels[row] !== 1) continue
    hits++
    sum += hits / (place + 1)
  }
  return sum / positives
}
