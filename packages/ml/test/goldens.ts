import { readFileSync } from "node:fs"
import { createFeatures, type FeatureColumn, type Features } from "../src/features.ts"

/** A data set of `goldens/data.json` as estimators take it. */
export interface GoldenData {
  readonly features: Features
  readonly y: Float64Array
  readonly label: Float64Array
  readonly weights: Float64Array
}

type Numbers = readonly (number | null)[]

/** Reads a golden written by `goldens/make_goldens.py`. */
export const readGolden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../goldens/${name}.json`, import.meta.url), "utf8"))

/** JSON numbers as floats; null is NaN, a missing value. */
export const floats = (values: Numbers): Float64Array =>
  Float64Array.from(values, value => value ?? Number.NaN)

export const numericFeatures = (columns: readonly Numbers[]): Features =>
  createFeatures(columns.map((values, i) => ({ name: `x${i}`, kind: "numeric", values: floats(values) })))

/** The columns of a golden that keeps its numbers row by row. */
export const featuresOfRows = (rows: readonly Numbers[]): Features =>
  numericFeatures(rows[0].map((_, column) => rows.map(row => row[column])))

/** Categorical columns from codes, with the codes as names. */
export const codeFeatures = (columns: readonly (readonly number[])[]): Features =>
  createFeatures(
    columns.map((codes, i) => ({
      name: `c${i}`,
      kind: "categorical",
      codes: Int32Array.from(codes),
      categories: Array.from({ length: Math.max(...codes) + 1 }, (_, code) => String(code)),
    })),
  )

type JsonColumn =
  | { name: string; kind: "numeric"; values: Numbers }
  | { name: string; kind: "categorical"; codes: number[]; categories: string[] }

const data =
  readGolden<Record<string, { columns: JsonColumn[]; y: number[]; label: number[]; weights: number[] }>>(
    "data",
  )

export const dataNames = Object.keys(data)

export const goldenData = (name: string): GoldenData => {
  const { columns, y, label, weights } = data[name]
  return {
    features: createFeatures(
      columns.map(
        (column): FeatureColumn =>
          column.kind === "numeric"
            ? { ...column, values: floats(column.values) }
            : { ...column, codes: Int32Array.from(column.codes) },
      ),
    ),
    y: floats(y),
    label: floats(label),
    weights: floats(weights),
  }
}

/** The numeric columns with missing values at their mean, as scikit-learn's SimpleImputer leaves them. */
export const filledNumbers = (features: Features): Features => ({
  rows: features.rows,
  columns: features.columns.flatMap(column => {
    if (column.kind !== "numeric") return []
    const present = Array.from(column.values).filter(value => !Number.isNaN(value))
    const mean = present.reduce((sum, value) => sum + value, 0) / present.length
    return [
      { ...column, values: Float64Array.from(column.values, value => (Number.isNaN(value) ? mean : value)) },
    ]
  }),
})

/** The largest |a - b| / max(1, |b|). */
export const largestDifference = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} values were compared with ${expected.length}`)
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]))
    if (!(difference <= largest)) largest = difference
  }
  return largest
}
