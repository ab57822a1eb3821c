import type { FeatureColumn, Features } from "../features.ts"
import type { NumericArray } from "../input.ts"
import { takeRows, takeValues } from "../rows.ts"
import type { Fold } from "../split/fold.ts"
import type { LabelledRows } from "./holdout.ts"

/** The chosen rows: a view without copying when they follow each other, else gathered. */
export const viewRows = ({ features, target, weights }: LabelledRows, rows: Int32Array): LabelledRows => {
  const first = rows.length === 0 ? 0 : rows[0]
  if (!followEachOther(rows))
    return {
      features: takeRows(features, rows),
      target: takeValues(target, rows),
      weights: weights && takeValues(weights, rows),
    }
  const view = <T extends NumericArray>(values: T): T => values.subarray(first, first + rows.length) as T
  return {
    features: { rows: rows.length, columns: mapColumns(features, view) },
    target: view(target),
    weights: weights && view(weights),
  }
}

/** The same rows in shared memory, so that threads see them without copies. What is shared already stays. */
export const shareRows = ({ features, target, weights }: LabelledRows): LabelledRows => ({
  features: { rows: features.rows, columns: mapColumns(features, share) },
  target: share(target),
  weights: weights && share(weights),
})

/** A copy in shared memory, or the same array when it is there already. */
export const share = <T extends NumericArray>(values: T): T => {
  if (values.buffer instanceof SharedArrayBuffer) return values
  const TypedArray = values.constructor as new (buffer: SharedArrayBuffer) => T
  const shared = new TypedArray(new SharedArrayBuffer(values.byteLength))
  shared.set(values)
  return shared
}

/** The same fold in shared memory. */
export const shareFold = ({ train, test }: Fold): Fold => ({ train: share(train), test: share(test) })

const mapColumns = (
  { columns }: Features,
  change: <T extends NumericArray>(values: T) => T,
): readonly FeatureColumn[] =>
  columns.map(column =>
    column.kind === "numeric"
      ? { ...column, values: change(column.values) }
      : { ...column, codes: change(column.codes) },
  )

const followEachOther = (rows: Int32Array): boolean => {
  for (let i = 1; i < rows.length; i++) if (rows[i] !== rows[i - 1] + 1) return false
  return true
}
