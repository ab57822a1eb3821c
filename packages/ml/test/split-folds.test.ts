import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Fold, Folds } from "../src/split/fold.ts"
import { groupKFold, stratifiedGroupKFold } from "../src/split/grouped.ts"
import { kFold, stratifiedKFold } from "../src/split/k-fold.ts"
import { purgedFolds } from "../src/split/purged.ts"
import { repeatedFolds } from "../src/split/repeated.ts"
import { timeSeriesFolds } from "../src/split/time-series.ts"
import { readGolden } from "./goldens.ts"

interface Goldens {
  splits: {
    labels: number[]
    groups: number[]
    kFold: Plain[]
    stratified: Plain[]
    grouped: Plain[]
    stratifiedGrouped: Plain[]
    timeSeries: Plain[]
    rolling: Plain[]
  }
}
type Plain = { train: number[]; test: number[] }

const plain = (folds: Iterable<Fold>): Plain[] =>
  Array.from(folds, ({ train, test }) => ({ train: Array.from(train), test: Array.from(test) }))
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

/** Rows, groups, labels and times of a random data set. */
const dataSet = fc
  .record({
    rows: fc.integer({ min: 12, max: 120 }),
    seed: fc.integer(),
    folds: fc.integer({ min: 2, max: 4 }),
  })
  .map(({ rows, seed, folds }) => {
    const random = createRandom(seed)
    const pick = (bound: number) => Int32Array.from({ length: rows }, () => random.integer(bound))
    return { rows, folds, random, groups: pick(9), labels: pick(2), times: pick(60) }
  })

const expectPartition = (folds: Folds, rows: number) => {
  const tested = new Int32Array(rows)
  let count = 0
  for (const { train, test } of folds) {
    count++
    for (const row of test) tested[row]++
    expect(Array.from(train)).toEqual(Array.from(train).sort((a, b) => a - b))
    expect(new Set([...train, ...test]).size).toBe(train.length + test.length)
    expect(test.length).toBeGreaterThan(0)
    expect(train.length).toBeGreaterThan(0)
  }
  expect(count).toBe(folds.count)
  expect(Array.from(tested)).toEqual(new Array(rows).fill(1))
}

describe("the folds are scikit-learn's", () => {
  const { splits } = readGolden<Goldens>("selection")
  const labels = Int32Array.from(splits.labels)
  const groups = Int32Array.from(splits.groups)
  const cases: Record<string, [Folds, Plain[]]> = {
    KFold: [kFold({ rows: 40, folds: 6 }), splits.kFold],
    StratifiedKFold: [stratifiedKFold({ labels, folds: 4 }), splits.stratified],
    GroupKFold: [groupKFold({ groups, folds: 3 }), splits.grouped],
    StratifiedGroupKFold: [stratifiedGroupKFold({ labels, groups, folds: 3 }), splits.stratifiedGrouped],
    "TimeSeriesSplit with a gap": [timeSeriesFolds({ rows: 40, folds: 4, gap: 2 }), splits.timeSeries],
    "TimeSeriesSplit, rolling": [
      timeSeriesFolds({ rows: 40, folds: 3, gap: 1, testRows: 5, trainRows: 9 }),
      splits.rolling,
    ],
  }
  for (const [name, [folds, expected]] of Object.entries(cases))
    test(name, () => expect(plain(folds)).toEqual(expected))
})

test("every row is tested once by k-fold, stratified, grouped and purged folds around the test", () => {
  fc.assert(
    fc.property(dataSet, ({ rows, folds, random, groups, labels, times }) => {
      const few = Math.min(...[0, 1].map(label => labels.filter(value => value === label).length))
      fc.pre(few >= folds && new Set(groups).size >= folds)
      for (const shuffled of [undefined, random]) {
        expectPartition(kFold({ rows, folds, random: shuffled }), rows)
        expectPartition(stratifiedKFold({ labels, folds, random: shuffled }), rows)
        expectPartition(groupKFold({ groups, folds, random: shuffled }), rows)
      }
      if (new Set(times).size > 5 * folds)
        expectPartition(purgedFolds({ timestamps: times, periods: folds, train: "around" }), rows)
    }),
    { numRuns: 50 },
  )
})

test("no group is on both sides of a fold", () => {
  fc.assert(
    fc.property(dataSet, ({ folds, groups, labels, random }) => {
      fc.pre(new Set(groups).size >= folds + 3)
      const splitters = [
        groupKFold({ groups, folds }),
        groupKFold({ groups, folds, random }),
        stratifiedGroupKFold({ groups, labels, folds, random }),
      ]
      for (const splitter of splitters)
        for (const { train, test } of splitter) {
          const tested = new Set(Array.from(test, row => groups[row]))
          expect(train.some(row => tested.has(groups[row]))).toBe(false)
        }
    }),
    { numRuns: 50 },
  )
})

test("stratified folds hold each label's share to within one row", () => {
  fc.assert(
    fc.property(dataSet, ({ folds, labels, random }) => {
      const total = labels.filter(label => label === 1).length
      fc.pre(total >= folds && labels.length - total >= folds)
      for (const { test } of stratifiedKFold({ labels, folds, random })) {
        const ones = test.filter(row => labels[row] === 1).length
        expect(Math.abs(ones - total / folds)).toBeLessThan(1)
      }
    }),
    { numRuns: 50 },
  )
})

test("purged folds keep no training row whose label is known within the purge, nor one within the embargo", () => {
  const settings = fc.record({
    seed: fc.integer(),
    purge: fc.integer({ min: 0, max: 10 }),
    embargo: fc.integer({ min: 0, max: 10 }),
    window: fc.constantFrom(undefined, 60, 100),
    train: fc.constantFrom("past" as const, "around" as const),
  })
  fc.assert(
    fc.property(settings, ({ seed, purge, embargo, window, train }) => {
      const random = createRandom(seed)
      // In no order, as rows of a table may be; labels are known up to 15 later.
      const timestamps = Float64Array.from({ length: 150 }, () => random.integer(300))
      const labelTimes = timestamps.map(time => time + random.integer(16))
      const folds = [...purgedFolds({ timestamps, labelTimes, periods: 3, train, window, purge, embargo })]
      expect(folds.length).toBe(3)
      for (const fold of folds) {
        const starts = Math.min(...fold.test.map(row => timestamps[row]))
        const ends = Math.max(...fold.test.map(row => labelTimes[row]))
        const isKept = (row: number) =>
          timestamps[row] < starts
            ? labelTimes[row] < starts - purge && timestamps[row] >= starts - (window ?? Infinity)
            : train === "around" && timestamps[row] > ends + embargo
        const tested = new Set(fold.test)
        const expected = Array.from(timestamps.keys()).filter(row => !tested.has(row) && isKept(row))
        expect(Array.from(fold.train)).toEqual(expected)
      }
    }),
    { numRuns: 60 },
  )
})

test("purged folds by given starts test month after month and never the rows before the first", () => {
  const timestamps = BigInt64Array.of(1n, 5n, 10n, 14n, 20n, 27n, 3n)
  const folds = purgedFolds({ timestamps, periods: [10, 20], purge: 4 })
  expect(plain(folds)).toEqual([
    { train: [0, 1, 6], test: [2, 3] },
    { train: [0, 1, 2, 3, 6], test: [4, 5] },
  ])
})

test("a label that becomes known after the test began is no training row, though it was taken before", () => {
  const timestamps = Float64Array.of(0, 8, 9, 10, 11)
  const labelTimes = Float64Array.of(2, 9, 12, 13, 14)
  expect(plain(purgedFolds({ timestamps, labelTimes, periods: [10] }))).toEqual([
    { train: [0, 1], test: [3, 4] },
  ])
})

test("repeated folds test each row once a repeat, differently, and the same again when asked again", () => {
  const folds = repeatedFolds({ repeats: 3, split: random => kFold({ rows: 30, folds: 5, random }) })
  expect(folds.count).toBe(15)
  const first = plain(folds)
  expect(plain(folds)).toEqual(first)
  for (let repeat = 0; repeat < 3; repeat++)
    expect(
      first
        .slice(5 * repeat, 5 * repeat + 5)
        .flatMap(({ test }) => test)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 30 }, (_, row) => row))
  expect(first.slice(0, 5)).not.toEqual(first.slice(5, 10))
})

test("what cannot be split is refused with what is wrong", () => {
  const timestamps = Float64Array.of(1, 2, 3, 4, 5, 6)
  const refusals: [() => unknown, RegExp][] = [
    [() => kFold({ rows: 3, folds: 4 }), /4 folds of 3 rows/],
    [() => kFold({ rows: 10, folds: 1 }), /1 folds/],
    [() => kFold({ rows: 10, folds: 2.5 }), /2.5 folds/],
    [() => stratifiedKFold({ labels: Int8Array.of(0, 0, 0, 1), folds: 2 }), /label 1 has 1 rows/],
    [() => stratifiedKFold({ labels: Float64Array.of(0, Number.NaN, 1), folds: 2 }), /NaN/],
    [() => groupKFold({ groups: Int32Array.of(1, 1, 2, 2), folds: 3 }), /3 folds of 2 groups/],
    [
      () => stratifiedGroupKFold({ labels: Int8Array.of(0), groups: Int32Array.of(1, 2), folds: 2 }),
      /1 labels and 2 groups/,
    ],
    [() => timeSeriesFolds({ rows: 10, folds: 3, testRows: 4 }), /need 12 rows; there are 10/],
    [() => timeSeriesFolds({ rows: 10, folds: 2, gap: 4 }), /Fold 1 has no training rows/],
    [() => timeSeriesFolds({ rows: 10, folds: 2, gap: -1 }), /gap is -1/],
    [() => purgedFolds({ timestamps, periods: [3, 3] }), /must ascend; they are 3, 3/],
    [() => purgedFolds({ timestamps, periods: [3, 9] }), /Fold 2 has no test rows/],
    [() => purgedFolds({ timestamps, periods: [3], purge: 5 }), /Fold 1 has no training rows/],
    [() => purgedFolds({ timestamps, periods: [3], purge: -1 }), /purge is -1/],
    [
      () => purgedFolds({ timestamps, labelTimes: timestamps.map(t => t - 1), periods: 2 }),
      /before the row itself/,
    ],
    [() => purgedFolds({ timestamps, labelTimes: Float64Array.of(1), periods: 2 }), /1 values; there are 6/],
    [() => purgedFolds({ timestamps: Float64Array.of(1, Number.NaN), periods: 1 }), /NaN at row 1/],
    [() => purgedFolds({ timestamps: new Float64Array(6), periods: 2 }), /too many rows have the time 0/],
    [
      () => repeatedFolds({ repeats: 0, split: random => kFold({ rows: 4, folds: 2, random }) }),
      /repeats is 0/,
    ],
  ]
  for (const [refused, message] of refusals) expect(refused).toThrow(refusal(message))
})
