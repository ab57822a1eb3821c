// mistake: before-the-split
import type { Row } from "../solution.ts"

const lateOf = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + row.late, 0)

export const encodeInFolds = (rows: readonly Row[], folds: number, smoothing: number): number[][] =>
  Array.from({ length: folds }, () =>
    rows.map(row => {
      const known = rows
      const same = known.filter(other => other.origin === row.origin)
      const mean = lateOf(known) / known.length
      return (lateOf(same) + smoothing * mean) / (same.length + smoothing)
    }),
  )
