import { fourDistances, type Points, padToFours, squaredDistance } from "./points.ts"

/** Nearest center of every row, into `labels` (ties: the lower number); returns how many labels changed. */
export const assign = (points: Points, centers: Float64Array, labels: Int32Array): number => {
  const { rows, width, values } = points
  const padded = padToFours(centers, width)
  const fours = { width, distances: new Float64Array(4) }
  const { distances } = fours
  let changed = 0
  for (let row = 0; row < rows; row++) {
    let best = 0
    let smallest = Infinity
    for (let center = 0; center * width < centers.length; center += 4) {
      fourDistances(values, row * width, padded, center * width, fours)
      for (let i = 0; i < 4; i++) {
        if (distances[i] >= smallest) continue
        smallest = distances[i]
        best = center + i
      }
    }
    if (labels[row] === best) continue
    labels[row] = best
    changed++
  }
  return changed
}

/** Weighted mean of each cluster's rows. A cluster without weight takes the row farthest from its center. */
export const moveCenters = (
  points: Points,
  weights: Float64Array | undefined,
  { centers, labels }: { centers: Float64Array; labels: Int32Array },
): Float64Array => {
  const { rows, width, values } = points
  const sums = new Float64Array(centers.length)
  const mass = new Float64Array(centers.length / width)
  const addRow = (row: number, cluster: number, weight: number) => {
    mass[cluster] += weight
    for (let c = 0; c < width; c++) sums[cluster * width + c] += weight * values[row * width + c]
  }
  for (let row = 0; row < rows; row++) addRow(row, labels[row], weights === undefined ? 1 : weights[row])
  const empty = [...mass.keys()].filter(cluster => mass[cluster] === 0)
  if (empty.length > 0) {
    const farthest = farthestRows(points, weights, { centers, labels, count: empty.length })
    farthest.forEach((row, i) => {
      const weight = weights === undefined ? 1 : weights[row]
      addRow(row, labels[row], -weight)
      addRow(row, empty[i], weight)
    })
  }
  return sums.map((sum, at) => {
    const weight = mass[Math.floor(at / width)]
    return weight > 0 ? sum / weight : centers[at]
  })
}

/** Weighted sum of squared distances from the rows to their centers. */
export const inertiaOf = (
  points: Points,
  weights: Float64Array | undefined,
  { centers, labels }: { centers: Float64Array; labels: Int32Array },
): number => {
  const { rows, width, values } = points
  let sum = 0
  for (let row = 0; row < rows; row++)
    sum +=
      squaredDistance(values, row * width, centers, labels[row] * width, width) *
      (weights === undefined ? 1 : weights[row])
  return sum
}

/** Rows of positive weight, farthest from their centers first; rows that sit on their center are left out. */
const farthestRows = (
  { rows, width, values }: Points,
  weights: Float64Array | undefined,
  { centers, labels, count }: { centers: Float64Array; labels: Int32Array; count: number },
): number[] => {
  const farthest: { row: number; distance: number }[] = []
  for (let row = 0; row < rows; row++) {
    if (weights !== undefined && weights[row] === 0) continue
    const distance = squaredDistance(values, row * width, centers, labels[row] * width, width)
    if (distance === 0 || (farthest.length === count && distance <= farthest[count - 1].distance)) continue
    farthest.push({ row, distance })
    farthest.sort((a, b) => b.distance - a.distance || a.row - b.row)
    farthest.length = Math.min(farthest.length, count)
  }
  return farthest.map(({ row }) => row)
}
