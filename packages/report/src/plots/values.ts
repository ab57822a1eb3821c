import { formatCount, formatNumber } from "../format.ts"
import type { Axis } from "./frame.ts"

export interface CleanValues {
  values: Float64Array
  /** How many were NaN or infinite. */
  missing: number
  /** How many a log axis cannot show. */
  notPositive: number
}

/** A copy in which everything that cannot be drawn on this axis is NaN, with the counts of both reasons. */
export const cleanValues = (values: ArrayLike<number>, scale: Axis["scale"] = "linear"): CleanValues => {
  const clean = new Float64Array(values.length)
  let missing = 0
  let notPositive = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Number.isFinite(value)) missing++
    else if (scale === "log" && value <= 0) notPositive++
    clean[i] = Number.isFinite(value) && !(scale === "log" && value <= 0) ? value : Number.NaN
  }
  return { values: clean, missing, notPositive }
}

/** Smallest and largest finite value of several columns, or undefined when there is none. */
export const extent = (...columns: ArrayLike<number>[]): [number, number] | undefined => {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const column of columns)
    for (let i = 0; i < column.length; i++) {
      const value = column[i]
      if (!Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  return low <= high ? [low, high] : undefined
}

/** Sentences about values that are not in the picture. */
export const missingRemarks = (counts: readonly { missing: number; notPositive: number }[]): string[] => {
  const missing = counts.reduce((sum, count) => sum + count.missing, 0)
  const notPositive = counts.reduce((sum, count) => sum + count.notPositive, 0)
  const remarks: string[] = []
  if (missing > 0) remarks.push(`${plural(missing, "value is", "values are")} missing.`)
  if (notPositive > 0)
    remarks.push(
      `${plural(notPositive, "value", "values")} not above 0 cannot be shown on a logarithmic axis.`,
    )
  return remarks
}

export const plural = (count: number, one: string, many: string): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** "3.2 to 47" */
export const rangeText = (
  range: readonly [number, number],
  format = (v: number) => formatNumber(v),
): string => `${format(range[0])} to ${format(range[1])}`

/** Numbers of a typed array or an array, with NaN and infinities as null: cells of a data table. */
export const cell = (value: number): number | null => (Number.isFinite(value) ? value : null)
