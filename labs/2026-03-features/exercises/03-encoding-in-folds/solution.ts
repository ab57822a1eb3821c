export interface Row {
  origin: string
  late: number
  fold: number
}

interface Sums {
  rows: number
  late: number
}

/** The origin of every row as a number, once for each fold of a cross-validation. */
export const encodeInFolds = (rows: readonly Row[], folds: number, smoothing: number): number[][] => {
  const parts = Array.from({ length: folds }, (_, fold) => sumsOf(rows.filter(row => row.fold === fold)))
  return parts.map((_, tested) =>
    rows.map(({ origin, fold }) => {
      const known = parts.filter((_, part) => part !== tested && part !== fold)
      const mean = ratio(known.map(({ all }) => all))
      const { rows: count, late } = total(known.map(({ byOrigin }) => byOrigin.get(origin)))
      return (late + smoothing * mean) / (count + smoothing)
    }),
  )
}

const sumsOf = (rows: readonly Row[]) => ({
  all: { rows: rows.length, late: lateOf(rows) },
  byOrigin: new Map(
    [...Map.groupBy(rows, row => row.origin)].map(([origin, group]) => [
      origin,
      { rows: group.length, late: lateOf(group) },
    ]),
  ),
})

const lateOf = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + row.late, 0)

const total = (parts: readonly (Sums | undefined)[]): Sums =>
  parts.reduce<Sums>(
    (sum, part) => ({ rows: sum.rows + (part?.rows ?? 0), late: sum.late + (part?.late ?? 0) }),
    { rows: 0, late: 0 },
  )

const ratio = (parts: readonly Sums[]): number => {
  const { rows, late } = total(parts)
  return late / rows
}
