// mistake: divides-by-rows
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  if (!labels.includes(1)) throw new Error("no positive label")
  let sum = 0
  let hitsBefore = 0
  for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
    const predicted = labels.filter((_, row) => scores[row] >= threshold)
    const hits = predicted.filter(label => label === 1).length
    sum += ((hits - hitsBefore) * hits) / predicted.length
    hitsBefore = hits
  }
  return sum / labels.length
}
