// mistake: over-all-ranks
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  if (!labels.includes(1)) throw new Error("no positive label")
  const precisions = [...new Set(scores)].map(threshold => {
    const predicted = labels.filter((_, row) => scores[row] >= threshold)
    return predicted.filter(label => label === 1).length / predicted.length
  })
  return precisions.reduce((sum, precision) => sum + precision, 0) / precisions.length
}
