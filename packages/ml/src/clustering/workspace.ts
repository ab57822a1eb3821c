import type { NumericColumn } from "../features.ts"
import { CENTER_GROUP, REFINED_ROWS } from "../kernels/layout.ts"
import { type Engine, type KernelMemory, openMemory, planMemory } from "../kernels/memory.ts"
import type { Points } from "./points.ts"

/** Points in the memory of the kernels, with what the searches keep about each; places are bytes. */
export interface ClusterWorkspace extends KernelMemory, Points {
  readonly clusters: number
  readonly points: number
  /** Weights of the rows; 0 when there are none, as kernels take it. */
  readonly weights: number
  readonly labels: number
  /** Bounds of `search`; while seeding: nearest squared distance, and its running sum. */
  readonly upper: number
  readonly lower: number
  readonly centers: number
  /** The centers feature by feature and how many there are with those added. */
  readonly turned: number
  readonly padded: number
  readonly sums: number
  readonly mass: number
  readonly shift: number
  readonly drop: number
  readonly half: number
  readonly scratch: number
}

export interface ClusterShape {
  readonly rows: number
  readonly width: number
  readonly clusters: number
  readonly weights?: Float64Array
  readonly engine?: Engine
}

/** The caller fills `values`, for columns by `fillRows`. */
export const createClusterWorkspace = (shape: ClusterShape): ClusterWorkspace => {
  const { rows, width, clusters, weights, engine } = shape
  const plan = planMemory()
  const padded = roundUp(clusters)
  const perCenter = () => plan.take(8 * padded)
  // No region but this may be at 0, which stands for no weights.
  const points = plan.take(8 * rows * width)
  const places = {
    points,
    weights: weights === undefined ? 0 : plan.take(8 * rows),
    labels: plan.take(4 * rows),
    upper: plan.take(8 * rows),
    lower: plan.take(8 * rows),
    centers: plan.take(8 * padded * width),
    turned: plan.take(8 * padded * width),
    sums: plan.take(8 * padded * width),
    mass: perCenter(),
    shift: perCenter(),
    drop: perCenter(),
    half: perCenter(),
    scratch: plan.take(Math.max(8 * padded, 4 * (REFINED_ROWS + 1))),
  }
  const memory = openMemory(plan.bytes, rows * width, engine)
  const values = memory.f64.subarray(points / 8, points / 8 + rows * width)
  if (weights !== undefined) memory.f64.set(weights, places.weights / 8)
  return { ...memory, ...places, rows, width, values, clusters, padded }
}

/** Writes centers for the kernels that compare a row with all of them: feature by feature, padded at infinity. */
export const turnCenters = (workspace: ClusterWorkspace, centers: Float64Array): number => {
  const { f64, width } = workspace
  const count = centers.length / width
  const padded = roundUp(count)
  const to = workspace.turned / 8
  for (let c = 0; c < width; c++)
    for (let center = 0; center < padded; center++)
      f64[to + c * padded + center] = center < count ? centers[center * width + c] : Infinity
  return padded
}

const roundUp = (count: number): number => CENTER_GROUP * Math.ceil(count / CENTER_GROUP)

/** Columns to rows, some rows at a time so that what is written stays in the cache. */
export const fillRows = ({ values, rows }: Points, columns: readonly NumericColumn[]): void => {
  const width = columns.length
  for (let first = 0; first < rows; first += 128) {
    const end = Math.min(first + 128, rows)
    for (let c = 0; c < width; c++) {
      const from = columns[c].values
      for (let row = first, to = first * width + c; row < end; row++, to += width) values[to] = from[row]
    }
  }
}
