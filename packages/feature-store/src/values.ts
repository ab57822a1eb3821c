import type { CategoryValues } from "@roadmap/warehouse/collect"

/** A column in memory: numbers with NaN for null (booleans 0 and 1, timestamps microseconds, dates days), or texts as codes. */
export type Values = Float64Array | CategoryValues

export const isNumbers = (values: Values): values is Float64Array => values instanceof Float64Array
