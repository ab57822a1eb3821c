import type { Random } from "@roadmap/core/random"
import { type ClusterWorkspace, turnCenters } from "./workspace.ts"

/**
 * k-means++ (Arthur and Vassilvitskii, 2007) in its greedy form: of 2 + ln k candidate rows, drawn with
 * probability proportional to weight x squared distance from the nearest center so far, the one that lowers
 * the sum most.
 */
export const seedCenters = (workspace: ClusterWorkspace, random: Random): Float64Array => {
  const { f64, kernels, rows, width, values, clusters, points, weights } = workspace
  // The bounds of the rows are not needed yet.
  const { upper: nearest, lower: cumulative } = workspace
  const running = f64.subarray(cumulative / 8, cumulative / 8 + rows)
  const centers = new Float64Array(clusters * width)
  const trials = 2 + Math.floor(Math.log(clusters))
  f64.fill(Infinity, nearest / 8, nearest / 8 + rows)
  let total = 0
  for (let row = 0; row < rows; row++) {
    total += weights === 0 ? 1 : f64[weights / 8 + row]
    running[row] = total
  }
  for (let k = 0; k < clusters; k++) {
    const candidates = Array.from({ length: k === 0 ? 1 : trials }, () => drawRow(running, random))
    const chosen = candidates.length === 1 ? candidates[0] : bestOf(workspace, candidates)
    const center = values.subarray(chosen * width, (chosen + 1) * width)
    centers.set(center, k * width)
    if (k + 1 === clusters) break
    f64.set(center, workspace.centers / 8)
    kernels.settle(points, rows, width, workspace.centers, nearest, weights, cumulative)
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

/** The candidate with the smallest weighted sum of squared distances from the nearest center if it became one. */
const bestOf = (workspace: ClusterWorkspace, candidates: readonly number[]): number => {
  const { f64, kernels, rows, width, values, points, weights, upper: nearest } = workspace
  const centers = new Float64Array(candidates.length * width)
  candidates.forEach((row, i) => {
    centers.set(values.subarray(row * width, (row + 1) * width), i * width)
  })
  const padded = turnCenters(workspace, centers)
  const { turned, mass: sums, scratch } = workspace
  f64.fill(0, sums / 8, sums / 8 + padded)
  kernels.potentials(points, rows, width, turned, padded, nearest, weights, sums, scratch)
  const potentials = [...f64.subarray(sums / 8, sums / 8 + candidates.length)]
  return candidates[potentials.indexOf(Math.min(...potentials))]
}
