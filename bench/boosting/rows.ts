import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import { join } from "node:path"
import type { FeatureColumn, Features } from "@roadmap/ml/features"
import { lateMinutes, type Work } from "./work.ts"

interface Shape {
  features: string[]
  train: number
  test: number
  wide: number
  categories: [number, number]
}

export interface Rows {
  features: Features
  target: Float32Array
  weights: Float32Array | undefined
}

/** Reads columns of the Float32 files that flights.py wrote. */
export const readRows = (work: Work, split: "train" | "test"): Rows => {
  const shape = JSON.parse(readFileSync(join(work.folder, "shape.json"), "utf8")) as Shape
  const file = work.features > 11 ? "wide" : split
  const all = shape[file]
  const rows = split === "train" ? Math.min(work.rows, all) : all
  const handle = openSync(join(work.folder, `${file}.f32`), "r")
  const read = (column: number): Float32Array => {
    const values = new Float32Array(rows)
    readSync(handle, values, 0, rows * 4, column * all * 4)
    return values
  }
  try {
    const delay = read(0)
    const columns = Array.from({ length: work.features }, (_, i): FeatureColumn => {
      const values = read(i + 1)
      if (work.variant === "missing") removeFifth(values, i)
      return { name: shape.features[i] ?? `mixed ${i}`, kind: "numeric", values }
    })
    if (work.variant === "categories")
      for (const [i, name] of ["origin", "destination"].entries())
        columns.push({
          name,
          kind: "categorical",
          codes: Int16Array.from(read(12 + i)),
          categories: Array.from({ length: shape.categories[i] }, (_, code) => `airport ${code}`),
        })
    return {
      features: { rows, columns },
      target: work.loss === "logistic" ? delay.map(value => (value > lateMinutes ? 1 : 0)) : delay,
      weights: work.variant === "weights" ? Float32Array.from(delay, (_, row) => 1 + (row % 3)) : undefined,
    }
  } finally {
    closeSync(handle)
  }
}

/** The rows of a feature that the "missing" variant leaves out: the same arithmetic as in peer.py. */
const removeFifth = (values: Float32Array, feature: number): void => {
  for (let row = 0; row < values.length; row++)
    if ((row * 7 + feature * 3) % 5 === 0) values[row] = Number.NaN
}
