/** A model for tests of what is around models: twice the first column; the folder's name says how it behaves. */
import { RoadmapError } from "@roadmap/core/errors"
import { createFeatures, type Features, type NumericColumn } from "@roadmap/ml/features"
import type { Predictions } from "../../src/model/served.ts"

export const rowsOf = (...values: number[]): Features =>
  createFeatures([{ name: "x", kind: "numeric", values: Float64Array.from(values) }])

export const valuesOf = (predictions: Predictions): number[] => [...predictions.columns[0].values]

export const doubled = ({ rows, columns }: Features): Predictions => {
  const { values } = columns[0] as NumericColumn
  if (values.includes(-1)) throw new RoadmapError("INVALID_INPUT", "The model refuses -1.")
  return { rows, columns: [{ name: "prediction", values: Float64Array.from(values, x => 2 * x) }] }
}

/** Keeps its thread busy. */
export const spin = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** What scoring threads import. */
export const loadModel = async (folder: string) => ({
  predict(features: Features): Predictions {
    const [, kind, ms] = /(\w+)(?:-(\d+))?$/.exec(folder) ?? []
    if (kind === "exits") process.exit(1)
    if (kind === "spins") spin(Number(ms))
    return doubled(features)
  },
})
