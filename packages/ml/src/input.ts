import { RoadmapError } from "@roadmap/core/errors"
import type { Features } from "./features.ts"

/** Any column of numbers: targets, predictions, weights, timestamps. */
export type NumericArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

/** The values as 64-bit floats; the same array when they are already. */
export const toFloat64 = (values: NumericArray): Float64Array =>
  values instanceof Float64Array ? values : Float64Array.from(values)

/** Refuses an input without rows or without columns. Throws INVALID_INPUT. */
export const checkNotEmpty = (features: Features, estimator: string): void => {
  if (features.rows > 0 && features.columns.length > 0) return
  throw new RoadmapError(
    "INVALID_INPUT",
    `${estimator} got ${features.rows} rows and ${features.columns.length} features; it needs at least one of each.`,
  )
}

/** Refuses a length other than `expected` and any value that is NaN or infinite. Throws INVALID_INPUT. */
export const checkValues = (what: string, values: NumericArray, expected = values.length): Float64Array => {
  if (values.length !== expected)
    throw new RoadmapError("INVALID_INPUT", `${what} has ${values.length} values; ${expected} were expected.`)
  const floats = toFloat64(values)
  for (let row = 0; row < floats.length; row++) {
    if (!Number.isFinite(floats[row]))
      throw new RoadmapError("INVALID_INPUT", `${what} holds ${floats[row]} at row ${row}.`, {
        hint: "Leave out the rows without a value before this step.",
      })
  }
  return floats
}

/**
 * Weights must be finite, not negative, and not all zero. Without weights the answer is undefined: every row
 * counts 1.
 */
export const checkWeights = (weights: NumericArray | undefined, rows: number): Float64Array | undefined => {
  if (weights === undefined) return undefined
  const floats = checkValues("weights", weights, rows)
  let sum = 0
  for (let row = 0; row < rows; row++) {
    if (floats[row] < 0)
      throw new RoadmapError("INVALID_INPUT", `weights holds ${floats[row]} at row ${row}; weights are >= 0.`)
    sum += floats[row]
  }
  if (!(sum > 0)) throw new RoadmapError("INVALID_INPUT", "The weights sum to 0: no row counts.")
  return floats
}

/**
 * Refuses labels other than 0 and 1 and, unless told otherwise, labels of one class only. Throws
 * INVALID_INPUT.
 */
export const checkBinary = (
  what: string,
  labels: NumericArray,
  options: { rows?: number; weights?: Float64Array; oneClass?: "refuse" | "allow" } = {},
): Float64Array => {
  const floats = checkValues(what, labels, options.rows ?? labels.length)
  let positives = 0
  let total = 0
  for (let row = 0; row < floats.length; row++) {
    const label = floats[row]
    if (label !== 0 && label !== 1)
      throw new RoadmapError("INVALID_INPUT", `${what} holds ${label} at row ${row}; labels are 0 or 1.`)
    const weight = options.weights === undefined ? 1 : options.weights[row]
    positives += label * weight
    total += weight
  }
  if (options.oneClass !== "allow" && (positives === 0 || positives === total))
    throw new RoadmapError(
      "INVALID_INPUT",
      `${what} holds only the class ${positives === 0 ? 0 : 1} in ${floats.length} rows; both are needed.`,
    )
  return floats
}

/** Sum of the weights, or the number of rows when there are none. */
export const totalWeight = (rows: number, weights: Float64Array | undefined): number => {
  if (weights === undefined) return rows
  let sum = 0
  for (let row = 0; row < rows; row++) sum += weights[row]
  return sum
}
