export interface Row {
  taken: number
  known: number
}

export interface Options {
  purge: number
  embargo: number
  train: "past" | "around"
}

export interface Fold {
  train: number[]
  test: number[]
}

/** Folds by time in which no training label overlaps the test. */
export const purgedFolds = (rows: readonly Row[], starts: readonly number[], options: Options): Fold[] =>
  starts.map((start, period) => {
    const end = starts[period + 1] ?? Infinity
    const numbersWhere = (keep: (row: Row) => boolean) =>
      rows.flatMap((row, number) => (keep(row) ? [number] : []))
    const test = numbersWhere(({ taken }) => taken >= start && taken < end)
    const lastLabel = test.reduce((last, number) => Math.max(last, rows[number].known), -Infinity)
    const train = numbersWhere(({ taken, known }) =>
      taken < start
        ? known < start - options.purge
        : taken >= end && options.train === "around" && taken > lastLabel + options.embargo,
    )
    if (train.length === 0)
      throw new Error(`The fold that starts at ${start} has no row to train on before its purge.`)
    return { train, test }
  })
