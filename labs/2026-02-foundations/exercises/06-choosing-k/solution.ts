export interface Clustering {
  k: number
  labels: readonly number[]
}

export interface Choice {
  k: number
  silhouettes: number[]
}

/** Chooses among clusterings of the same points by their mean silhouette. */
export const chooseK = (
  points: readonly (readonly number[])[],
  clusterings: readonly Clustering[],
): Choice => {
  const distances = points.map(point => points.map(other => distance(point, other)))
  const silhouettes = clusterings.map(({ labels }) => meanSilhouette(distances, labels))
  const best = clusterings
    .map(({ k }, i) => ({ k, silhouette: silhouettes[i] }))
    .reduce((one, other) =>
      other.silhouette > one.silhouette || (other.silhouette === one.silhouette && other.k < one.k)
        ? other
        : one,
    )
  return { k: best.k, silhouettes }
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, i) => value - b[i]))

const meanSilhouette = (distances: readonly (readonly number[])[], labels: readonly number[]): number => {
  const sizes = new Map<number, number>()
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1)
  if (sizes.size < 2) throw new Error("A single group has no other group to compare with.")
  let total = 0
  for (const [point, own] of labels.entries()) {
    if (sizes.get(own) === 1) continue
    const sums = new Map<number, number>()
    for (const [other, label] of labels.entries())
      sums.set(label, (sums.get(label) ?? 0) + distances[point][other])
    let a = 0
    let b = Number.POSITIVE_INFINITY
    for (const [label, size] of sizes)
      if (label === own) a = sums.get(label)! / (size - 1)
      else b = Math.min(b, sums.get(label)! / size)
    total += Math.max(a, b) === 0 ? 0 : (b - a) / Math.max(a, b)
  }
  return total / labels.length
}
