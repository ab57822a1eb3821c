// mistake: purges-by-departure
import type { Fold, Options, Row } from "../solution.ts"

export const purgedFolds = (rows: readonly Row[], starts: readonly number[], options: Options): Fold[] => {
  const { purge, embargo, train: side } = options
  return starts.map((start, period) => {
    const end = starts[period + 1] ?? Infinity
    const test = rows.flatMap(({ taken }, i) => (taken >= start && taken < end ? [i] : []))
    const last = Math.max(...test.map(i => rows[i].known))
    const before = rows.flatMap(({ taken }, i) => (taken < start - purge ? [i] : []))
    const after = rows.flatMap(({ taken }, i) =>
      side === "around" && taken >= end && taken > last + embargo ? [i] : [],
    )
    const train = [...before, ...after].sort((a, b) => a - b)
    if (train.length === 0) throw new Error("no row to train on")
    return { train, test }
  })
}
