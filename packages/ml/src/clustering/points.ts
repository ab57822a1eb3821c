import type { NumericColumn } from "../features.ts"

/** Rows of numbers, one after the other: `values[row * width + column]`. */
export interface Points {
  readonly rows: number
  readonly width: number
  readonly values: Float64Array
}

export const toPoints = (columns: readonly NumericColumn[], rows: number): Points => {
  const width = columns.length
  const values = new Float64Array(rows * width)
  columns.forEach((column, place) => {
    for (let row = 0; row < rows; row++) values[row * width + place] = column.values[row]
  })
  return { rows, width, values }
}

/** Squared Euclidean distance of a row of `points` from a row of `centers`. */
export const squaredDistance = (
  points: Float64Array,
  from: number,
  centers: Float64Array,
  to: number,
  width: number,
): number => {
  let sum = 0
  for (let c = 0; c < width; c++) {
    const difference = points[from + c] - centers[to + c]
    sum += difference * difference
  }
  return sum
}

/** The centers with rows at infinity added up to a multiple of four, for `fourDistances`. */
export const padToFours = (centers: Float64Array, width: number): Float64Array => {
  const padded = new Float64Array(Math.ceil(centers.length / (4 * width)) * 4 * width).fill(Infinity)
  padded.set(centers)
  return padded
}

/**
 * Squared distances of a row from four consecutive centers, into `distances`. Four sums side by side: one
 * alone waits for its own last addition, and takes about three times as long.
 */
export const fourDistances = (
  points: Float64Array,
  from: number,
  centers: Float64Array,
  to: number,
  { width, distances }: { width: number; distances: Float64Array },
): void => {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let c = 0; c < width; c++) {
    const value = points[from + c]
    const at = to + c
    const d0 = value - centers[at]
    const d1 = value - centers[at + width]
    const d2 = value - centers[at + 2 * width]
    const d3 = value - centers[at + 3 * width]
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
  }
  distances[0] = s0
  distances[1] = s1
  distances[2] = s2
  distances[3] = s3
}
