import type { FeatureColumn } from "../features.ts"
import { type BoostingBatch, checkLengths } from "./survey.ts"

const cells = 2 ** 20

/** The rows in pieces, as views: so that the event loop gets its turn between them. Checks lengths first. */
export function* slices(batch: BoostingBatch): Generator<BoostingBatch, void> {
  checkLengths(batch)
  const { features, target, weights } = batch
  const rows = Math.max(1024, Math.ceil(cells / Math.max(1, features.columns.length)))
  for (let first = 0; first < features.rows; first += rows) {
    const last = Math.min(features.rows, first + rows)
    const columns = features.columns.map(
      (column): FeatureColumn =>
        column.kind === "numeric"
          ? { ...column, values: column.values.subarray(first, last) }
          : { ...column, codes: column.codes.subarray(first, last) },
    )
    yield {
      features: { rows: last - first, columns },
      target: part(target, first, last),
      weights: weights && part(weights, first, last),
    }
  }
}

const part = (numbers: BoostingBatch["target"], first: number, last: number): BoostingBatch["target"] =>
  "subarray" in numbers ? numbers.subarray(first, last) : numbers.slice(first, last)
