import { createRandom, shuffle } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { encodeModel } from "../src/encoding.ts"
import { createFeatures, type FeatureColumn, type Features } from "../src/features.ts"
import { takeRows, takeValues } from "../src/rows.ts"
import { type Estimator, estimators, type TrainingRows } from "./estimators.ts"
import { largestDifference } from "./goldens.ts"

const invalid = (message = /./) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

/** Rows the estimator can take: two numbers, and a category for those that take (or need) one. */
const trainingRows = (estimator: Estimator, rows: number, seed: number): TrainingRows => {
  const random = createRandom(seed)
  const draw = () => Float64Array.from({ length: rows }, () => random.normal())
  const [a, b] = [draw(), draw()]
  const codes = Int32Array.from({ length: rows }, () => random.integer(4) - 1)
  const target = a.map((value, row) => value - 2 * b[row] + codes[row] + random.normal())
  const label = Uint8Array.from(target, (value, row) => (row === 0 || (row > 1 && value > 0) ? 1 : 0))
  if (estimator.takes !== "numbers") a[rows - 1] = Number.NaN
  const columns: FeatureColumn[] = [
    { name: "a", kind: "numeric", values: a },
    { name: "b", kind: "numeric", values: b },
  ]
  if (estimator.takes === "any")
    columns.push({ name: "c", kind: "categorical", codes, categories: ["x", "y", "z"] })
  return { features: createFeatures(columns), target, label }
}

const take = (rows: TrainingRows, indices: Int32Array): TrainingRows => ({
  features: takeRows(rows.features, indices),
  target: takeValues(rows.target, indices),
  label: takeValues(rows.label, indices),
  weights: rows.weights && takeValues(rows.weights, indices),
})

const mapNumbers = (features: Features, change: (value: number, column: string) => number): Features =>
  createFeatures(
    features.columns.map(column =>
      column.kind === "numeric"
        ? { ...column, values: Float64Array.from(column.values, value => change(value, column.name)) }
        : column,
    ),
  )

const largest = (actual: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number => {
  const known = (values: ArrayLike<number>) => Array.from(values, value => (Number.isNaN(value) ? 0 : value))
  expect(actual.length).toBe(expected.length)
  return Math.max(...actual.map((column, i) => largestDifference(known(column), known(expected[i]))))
}

const seeds = fc.integer({ min: 0, max: 1_000_000 })
const runs = { numRuns: 15 }

for (const estimator of estimators) {
  const { name, fit, apply, takes, learnsFrom } = estimator
  describe(name, () => {
    test("does not depend on the order of the rows", () => {
      fc.assert(
        fc.property(seeds, seed => {
          const rows = trainingRows(estimator, 40, seed)
          const order = shuffle(
            Int32Array.from({ length: 40 }, (_, row) => row),
            createRandom(seed + 1),
          )
          const expected = apply(fit(rows), rows.features)
          expect(largest(apply(fit(take(rows, order)), rows.features), expected)).toBeLessThan(1e-7)
        }),
        runs,
      )
    })

    test("gives the same bytes for the same input, twice", () => {
      const rows = trainingRows(estimator, 40, 3)
      expect(encodeModel(fit(rows))).toEqual(encodeModel(fit(rows)))
    })

    test("leaves its input as it was", () => {
      const rows = trainingRows(estimator, 40, 4)
      const copy = structuredClone(rows)
      apply(fit(rows), rows.features)
      expect(rows).toEqual(copy)
    })

    if (estimator.weights) {
      test("takes a weight of k as the row given k times, and 0 as the row left out", () => {
        fc.assert(
          fc.property(seeds, seed => {
            const rows = trainingRows(estimator, 40, seed)
            const random = createRandom(seed + 2)
            // The last row holds the gap, the first two both classes: they stay.
            const weights = rows.target.map((_, row) => (row < 2 || row === 39 ? 1 : random.integer(4)))
            const repeated = Int32Array.from(
              Array.from(weights).flatMap((weight, row) => new Array<number>(weight).fill(row)),
            )
            const expected = apply(fit(take(rows, repeated)), rows.features)
            expect(largest(apply(fit({ ...rows, weights }), rows.features), expected)).toBeLessThan(1e-7)
          }),
          runs,
        )
      })

      test("refuses weights that are negative, NaN, all zero or too few", () => {
        const rows = trainingRows(estimator, 10, 5)
        for (const weights of [
          new Float64Array(10).fill(-1),
          new Float64Array(10).fill(Number.NaN),
          new Float64Array(10),
          new Float64Array(9).fill(1),
        ])
          expect(() => fit({ ...rows, weights })).toThrow(invalid(/weights/))
      })
    }

    test("refuses an empty input", () => {
      const rows = trainingRows(estimator, 10, 6)
      expect(() => fit(take(rows, new Int32Array(0)))).toThrow(invalid())
      expect(() => fit({ ...rows, features: createFeatures([]) })).toThrow(invalid())
    })

    if (name !== "constant" && name !== "one-hot encoder" && name !== "target encoder") {
      test("refuses infinite values by name, when fitting and when applied", () => {
        const rows = trainingRows(estimator, 10, 7)
        for (const bad of [Infinity, -Infinity]) {
          const features = mapNumbers(rows.features, (value, column) => (column === "b" ? bad : value))
          expect(() => fit({ ...rows, features })).toThrow(invalid(/"b" holds -?Infinity at row 0/))
          expect(() => apply(fit(rows), features)).toThrow(invalid(/"b" holds -?Infinity at row 0/))
        }
      })
    }

    if (learnsFrom !== "features") {
      test("refuses targets that are NaN, infinite or of another length", () => {
        const rows = trainingRows(estimator, 10, 8)
        const wrong = (values: number[]) => ({
          ...rows,
          target: Float64Array.from(values),
          label: Float64Array.from(values) as unknown as Uint8Array,
        })
        const values = Array.from(rows.label)
        expect(() => fit(wrong([...values.slice(1), Number.NaN]))).toThrow(
          invalid(/target holds NaN at row 9/),
        )
        expect(() => fit(wrong([Infinity, ...values.slice(1)]))).toThrow(
          invalid(/target holds Infinity at row 0/),
        )
        expect(() => fit(wrong(values.slice(1)))).toThrow(invalid(/target has 9 values; 10/))
      })
    }

    if (estimator.parameters) {
      test("refuses unknown parameters and suggests the nearest", () => {
        const rows = trainingRows(estimator, 10, 9)
        expect(() => fit(rows, { aplha: 1 })).toThrow(invalid(/aplha: unknown/))
      })
    }

    if (takes === "numbers") {
      test("refuses missing numbers by name", () => {
        const rows = trainingRows(estimator, 10, 10)
        const gaps = mapNumbers(rows.features, (value, column) => (column === "b" ? Number.NaN : value))
        expect(() => fit({ ...rows, features: gaps })).toThrow(invalid(/"b" holds NaN at row 0/))
        expect(() => apply(fit(rows), gaps)).toThrow(invalid(/"b" holds NaN at row 0/))
      })
    } else {
      test("takes a column without any value", () => {
        const rows = trainingRows(estimator, 20, 11)
        const features = mapNumbers(rows.features, (value, column) => (column === "b" ? Number.NaN : value))
        const [first] = apply(fit({ ...rows, features }), features)
        expect(first.length).toBe(20)
      })
    }

    test("takes a constant column", () => {
      const rows = trainingRows(estimator, 20, 12)
      const features = mapNumbers(rows.features, (value, column) => (column === "b" ? 0.1 : value))
      const applied = apply(fit({ ...rows, features }), features)
      for (const column of applied)
        expect(Array.from(column).filter(Number.isNaN).length).toBeLessThanOrEqual(1)
    })
  })
}
