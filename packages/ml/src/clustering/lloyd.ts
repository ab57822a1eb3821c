import { type Points, squaredDistance } from "./points.ts"
import { type ClusterWorkspace, turnCenters } from "./workspace.ts"

export interface LloydControl {
  readonly maxIterations: number
  /** Stop when the squared shift of the centers is no larger. */
  readonly smallestShift: number
  readonly beforeIteration: (iteration: number) => void
}

export interface LloydFit {
  readonly centers: Float64Array
  readonly inertia: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * Lloyd's iterations. After the first only rows whose bounds allow a new label are looked at (Hamerly, 2010):
 * the labels are those of comparing every row with every center. Without weights the sums of the clusters
 * follow the rows that change, and are added up anew at the end.
 */
export const lloyd = (
  workspace: ClusterWorkspace,
  initial: Float64Array,
  { maxIterations, smallestShift, beforeIteration }: LloydControl,
): LloydFit => {
  const weighted = workspace.weights !== 0
  let compared = initial
  let centers = initial
  let changed = 0
  let iterations = 0
  let converged = false
  while (!converged && iterations < maxIterations) {
    beforeIteration(iterations++)
    if (iterations === 1) changed = nearestCenters(workspace, centers)
    else changed = refineLabels(workspace, compared, centers)
    if (weighted || iterations === 1) sumClusters(workspace)
    compared = centers
    centers = clusterMeans(workspace, compared)
    converged = changed === 0 || squaredShift(compared, centers) <= smallestShift
  }
  if (!weighted && iterations > 1) {
    sumClusters(workspace)
    centers = clusterMeans(workspace, compared)
  }
  refineLabels(workspace, compared, centers)
  return { centers, inertia: inertiaOf(workspace, centers), iterations, converged }
}

/** Nearest center of every row, into the labels (ties: the lower number); returns how many labels changed. */
export const nearestCenters = (workspace: ClusterWorkspace, centers: Float64Array): number => {
  const { kernels, points, rows, width, turned, labels, upper, lower, scratch } = workspace
  const padded = turnCenters(workspace, centers)
  return kernels.search(
    points,
    rows,
    width,
    turned,
    padded,
    labels,
    upper,
    lower,
    scratch,
    marginOf(workspace),
  )
}

/** Weighted sum of squared distances from the rows to the centers of their labels. */
export const inertiaOf = (workspace: ClusterWorkspace, centers: Float64Array): number => {
  const { f64, kernels, points, rows, width, labels, weights } = workspace
  f64.set(centers, workspace.centers / 8)
  return kernels.inertia(points, rows, width, labels, workspace.centers, weights)
}

/** Adds up the rows of each label, from nothing. */
export const sumClusters = ({ f64, kernels, ...workspace }: ClusterWorkspace): void => {
  const { points, rows, width, padded, labels, weights, sums, mass } = workspace
  f64.fill(0, sums / 8, sums / 8 + padded * width)
  f64.fill(0, mass / 8, mass / 8 + padded)
  kernels.addRows(points, rows, width, labels, weights, sums, mass)
}

/** Relative error of a distance: of each difference, square and addition, and then some. */
const marginOf = ({ width }: ClusterWorkspace): number => 1 + (width + 8) * 2 ** -52

const refineLabels = (workspace: ClusterWorkspace, before: Float64Array, after: Float64Array): number => {
  const { f64, kernels, points, rows, width, turned, labels, upper, lower, scratch } = workspace
  const margin = marginOf(workspace)
  const padded = turnCenters(workspace, after)
  f64.set(after, workspace.centers / 8)
  const count = after.length / width
  const shifts = Array.from({ length: count }, (_, center) => {
    const at = center * width
    return Math.sqrt(squaredDistance(before, at, after, at, width)) * margin
  })
  const farthest = shifts.indexOf(Math.max(...shifts))
  const second = Math.max(0, ...shifts.filter((_, center) => center !== farthest))
  for (let center = 0; center < count; center++) {
    let nearest = Infinity
    for (let other = 0; other < count; other++)
      if (other !== center)
        nearest = Math.min(nearest, squaredDistance(after, center * width, after, other * width, width))
    f64[workspace.shift / 8 + center] = shifts[center]
    f64[workspace.drop / 8 + center] = center === farthest ? second : shifts[farthest]
    f64[workspace.half / 8 + center] = Math.sqrt(nearest) / (2 * margin)
  }
  return kernels.refine(
    points,
    rows,
    width,
    turned,
    padded,
    labels,
    upper,
    lower,
    scratch,
    margin,
    workspace.centers,
    workspace.shift,
    workspace.drop,
    workspace.half,
    workspace.sums,
    workspace.mass,
  )
}

const clusterMeans = (workspace: ClusterWorkspace, centers: Float64Array): Float64Array => {
  const { f64, i32, rows, width, clusters, weights, labels } = workspace
  const mass = f64.subarray(workspace.mass / 8, workspace.mass / 8 + clusters)
  if (mass.includes(0))
    return moveCenters(workspace, weights === 0 ? undefined : f64.subarray(weights / 8, weights / 8 + rows), {
      centers,
      labels: i32.subarray(labels / 4, labels / 4 + rows),
    })
  const sums = f64.subarray(workspace.sums / 8, workspace.sums / 8 + clusters * width)
  return Float64Array.from(sums, (sum, at) => sum / mass[Math.floor(at / width)])
}

export const squaredShift = (before: Float64Array, after: Float64Array): number =>
  squaredDistance(before, 0, after, 0, before.length)

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
