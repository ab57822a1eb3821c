// mistake: interpolated-precision
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  const positives = labels.filter(label => label === 1).length
  if (positives === 0) throw new Error("no positive label")
  const points = [...new Set(scores)]
    .sort((a, b) => b - a)
    .map(threshold => {
      const predicted = labels.filter((_, row) => scores[row] >= threshold)
      const hits = predicted.filter(label => label === 1).length
      return { precision: hits / predicted.length, recall: hits / positives }
    })
  return points.reduce((sum, { recall }, i) => {
    const best = Math.max(...points.slice(i).map(point => point.precision))
    return sum + best * (recall - (points[i - 1]?.recall ?? 0))
  }, 0)
}
