import type { Random } from "@roadmap/core/random"
import { fourDistances, type Points, padToFours, squaredDistance } from "./points.ts"

/**
 * k-means++ (Arthur and Vassilvitskii, 2007) in its greedy form: of 2 + ln k candidate rows, drawn with
 * probability proportional to weight x squared distance from the nearest center so far, the one that lowers
 * the sum most.
 */
export const seedCenters = (
  points: Points,
  weights: Float64Array | undefined,
  { clusters, random }: { clusters: number; random: Random },
): Float64Array => {
  const { rows, width, values } = points
  const centers = new Float64Array(clusters * width)
  const nearest = new Float64Array(rows).fill(Infinity)
  const cumulative = new Float64Array(rows)
  const trials = 2 + Math.floor(Math.log(clusters))
  for (let k = 0; k < clusters; k++) {
    const first = k === 0
    let total = 0
    for (let row = 0; row < rows; row++) {
      total += (first ? 1 : nearest[row]) * (weights === undefined ? 1 : weights[row])
      cumulative[row] = total
    }
    const candidates = Array.from({ length: first ? 1 : trials }, () => drawRow(cumulative, random))
    const potentials = potentialsWith(points, nearest, weights, candidates)
    const chosen = candidates[potentials.indexOf(Math.min(...potentials))]
    centers.set(values.subarray(chosen * width, (chosen + 1) * width), k * width)
    for (let row = 0; row < rows; row++) {
      const distance = squaredDistance(values, row * width, centers, k * width, width)
      if (distance < nearest[row]) nearest[row] = distance
    }
  }
  return centers
}

/** A row with probability proportional to its step of the cumulative sum; any row when all steps are 0. */
const drawRow = (cumulative: Float64Array, random: Random): number => {
  const total = cumulative[cumulative.length - 1]
  if (!(total > 0)) return Math.floor(random.next() * cumulative.length)
  const drawn = random.next() * total
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle] > drawn) high = middle
    else low = middle + 1
  }
  return low
}

/** Weighted sum of squared distances from the nearest center if each candidate row became one. */
const potentialsWith = (
  { rows, width, values }: Points,
  nearest: Float64Array,
  weights: Float64Array | undefined,
  candidates: readonly number[],
): number[] => {
  const centers = new Float64Array(candidates.length * width)
  candidates.forEach((row, i) => {
    centers.set(values.subarray(row * width, (row + 1) * width), i * width)
  })
  const padded = padToFours(centers, width)
  const sums = new Float64Array(padded.length / width)
  const fours = { width, distances: new Float64Array(4) }
  for (let row = 0; row < rows; row++) {
    const limit = nearest[row]
    const weight = weights === undefined ? 1 : weights[row]
    for (let first = 0; first < sums.length; first += 4) {
      fourDistances(values, row * width, padded, first * width, fours)
      for (let i = 0; i < 4; i++) sums[first + i] += weight * Math.min(fours.distances[i], limit)
    }
  }
  return Array.from(sums.subarray(0, candidates.length))
}
