// mistake: squared-distances
import type { Choice, Clustering } from "../solution.ts"

const distance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((total, value, i) => total + (value - b[i]) ** 2, 0)
const sum = (list: readonly number[]) => list.reduce((x, y) => x + y, 0)

export const chooseK = (
  points: readonly (readonly number[])[],
  clusterings: readonly Clustering[],
): Choice => {
  const distances = points.map(point => points.map(other => distance(point, other)))
  const silhouettes = clusterings.map(({ labels }) => {
    const groups = Map.groupBy(labels.keys(), row => labels[row])
    if (groups.size < 2) throw new Error("one group only")
    const values = labels.map((own, point) => {
      const inside = groups.get(own)!.filter(row => row !== point)
      if (inside.length === 0) return 0
      const a = sum(inside.map(row => distances[point][row])) / inside.length
      const others = [...groups].filter(([label]) => label !== own).map(([, rows]) => rows)
      const b = Math.min(...others.map(rows => sum(rows.map(row => distances[point][row])) / rows.length))
      return Math.max(a, b) === 0 ? 0 : (b - a) / Math.max(a, b)
    })
    return sum(values) / values.length
  })
  const best = silhouettes.indexOf(Math.max(...silhouettes))
  return { k: clusterings[best].k, silhouettes }
}
