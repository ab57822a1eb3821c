// mistake: trapezoid
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  const positives = labels.filter(label => label === 1).length
  if (positives === 0) throw new Error("no positive label")
  let area = 0
  let recallBefore = 0
  let precisionBefore = 1
  for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
    const predicted = labels.filter((_, row) => scores[row] >= threshold)
    const hits = predicted.filter(label => label === 1).length
    const precision = hits / predicted.length
    const recall = hits / positives
    area += ((precision + precisionBefore) / 2) * (recall - recallBefore)
    recallBefore = recall
    precisionBefore = precision
  }
  return area
}
