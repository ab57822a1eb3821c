/** Rows of numbers, one after the other: `values[row * width + column]`. */
export interface Points {
  readonly rows: number
  readonly width: number
  readonly values: Float64Array
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
