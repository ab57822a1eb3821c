import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { calibrationTable, expectedCalibrationError } from "../src/metrics/calibration.ts"
import { type MetricName, metrics } from "../src/metrics/catalog.ts"
import { atThreshold, logLoss } from "../src/metrics/classification.ts"
import { ascendingOrder } from "../src/metrics/order.ts"
import { averagePrecision, rocAuc } from "../src/metrics/ranking.ts"
import { mae, medianAbsoluteError, r2, rmse } from "../src/metrics/regression.ts"
import { silhouette } from "../src/metrics/silhouette.ts"
import { takeRows } from "../src/rows.ts"
import { dataNames, filledNumbers, goldenData, largestDifference, readGolden } from "./goldens.ts"

type Values = Record<MetricName | "precision" | "recall" | "f1", number>
interface MetricGolden {
  data: string
  predicted: number[]
  probability: number[]
  plain: Values
  weighted: Values
  calibration: Record<"uniform" | "quantile", { observed: number[]; mean: number[] }>
  clusters: number[]
  silhouette: number
}

const goldens = readGolden<MetricGolden[]>("metrics")
const first = (values: Float64Array) => values.slice(0, 120)

test("the goldens cover every data set", () => {
  expect(goldens.map(golden => golden.data)).toEqual(dataNames)
})

for (const golden of goldens) {
  for (const kind of ["plain", "weighted"] as const) {
    test(`${kind} metrics of ${golden.data} equal scikit-learn's`, () => {
      const data = goldenData(golden.data)
      const options = kind === "weighted" ? { weights: first(data.weights) } : {}
      for (const name of Object.keys(metrics) as MetricName[]) {
        const metric = metrics[name]
        const computed =
          metric.response === "value"
            ? metric.compute(first(data.y), Float64Array.from(golden.predicted.slice(0, 120)), options)
            : metric.compute(first(data.label), Float64Array.from(golden.probability), options)
        expect(computed, name).toBeCloseTo(golden[kind][name], 10)
      }
      const { precision, recall, f1 } = atThreshold(
        first(data.label),
        Float64Array.from(golden.probability),
        options,
      )
      expect(precision).toBeCloseTo(golden[kind].precision, 12)
      expect(recall).toBeCloseTo(golden[kind].recall, 12)
      expect(f1).toBeCloseTo(golden[kind].f1, 12)
    })
  }

  test(`the calibration table and the silhouette of ${golden.data} equal scikit-learn's`, () => {
    const data = goldenData(golden.data)
    for (const [strategy, name] of [
      ["width", "uniform"],
      ["quantile", "quantile"],
    ] as const) {
      const table = calibrationTable(first(data.label), Float64Array.from(golden.probability), {
        bins: 8,
        strategy,
      })
      const expected = golden.calibration[name]
      expect(
        largestDifference(
          table.map(bin => bin.observed),
          expected.observed,
        ),
      ).toBeLessThan(1e-12)
      expect(
        largestDifference(
          table.map(bin => bin.meanPredicted),
          expected.mean,
        ),
      ).toBeLessThan(1e-12)
      expect(table.reduce((rows, bin) => rows + bin.rows, 0)).toBe(120)
    }
    const numbers = takeRows(
      filledNumbers(data.features),
      Int32Array.from({ length: 120 }, (_, row) => row),
    )
    const computed = silhouette(
      { rows: 120, columns: numbers.columns.slice(0, 5) },
      Int32Array.from(golden.clusters),
    )
    expect(computed).toBeCloseTo(golden.silhouette, 10)
  })
}

test("metrics worked out by hand", () => {
  const target = Float64Array.of(1, 2, 3, 4)
  const predicted = Float64Array.of(1, 2, 5, 0)
  expect(rmse(target, predicted)).toBe(Math.sqrt(5))
  expect(mae(target, predicted)).toBe(1.5)
  expect(medianAbsoluteError(target, predicted)).toBe(1)
  expect(r2(target, predicted)).toBe(1 - 20 / 5)
  const labels = Uint8Array.of(0, 1, 0, 1)
  expect(rocAuc(labels, Float64Array.of(0.1, 0.1, 0.1, 0.1))).toBe(0.5)
  expect(rocAuc(labels, Float64Array.of(0, 1, 0, 1))).toBe(1)
  // From the top: {1}, then the tie {0, 1}: 1/2 x 1 + 1/2 x 2/3.
  expect(averagePrecision(labels, Float64Array.of(0.5, 0.9, 0.1, 0.5))).toBeCloseTo(1 / 2 + 1 / 3, 15)
})

test("a certain and wrong prediction costs a large but finite log loss", () => {
  expect(logLoss(Uint8Array.of(1), Float64Array.of(0))).toBeCloseTo(36.0437, 4)
  expect(logLoss(Uint8Array.of(0), Float64Array.of(1))).toBeCloseTo(36.0437, 4)
  expect(logLoss(Uint8Array.of(0, 1), Float64Array.of(0, 1))).toBeLessThan(1e-15)
})

test("R² of a constant target is 1 when predicted exactly and 0 otherwise", () => {
  expect(r2(Float64Array.of(2, 2), Float64Array.of(2, 2))).toBe(1)
  expect(r2(Float64Array.of(2, 2), Float64Array.of(2, 3))).toBe(0)
})

test("probabilities that are the true frequencies have no calibration error", () => {
  const labels = Uint8Array.of(0, 0, 0, 1, 1, 1, 1, 0)
  const probability = Float64Array.of(0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75)
  expect(expectedCalibrationError(labels, probability)).toBe(0)
  expect(
    expectedCalibrationError(
      labels,
      probability.map(p => 1 - p),
    ),
  ).toBeCloseTo(0.5, 12)
})

test("a large input is ordered by the radix sort exactly as by comparison, ties in place", () => {
  const random = createRandom(5)
  const values = Float64Array.from({ length: 50_000 }, (_, i) =>
    i % 3 === 0 ? Math.round(random.normal() * 10) : random.normal() * 10 ** ((i % 40) - 20),
  )
  values.set([0, -0, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE], 100)
  const expected = Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b)
  expect(Array.from(ascendingOrder(values))).toEqual(expected)
})

test("metrics refuse what they are not defined for, and name it", () => {
  const labels = Uint8Array.of(0, 1)
  const refusals: [() => unknown, RegExp][] = [
    [() => rmse(Float64Array.of(1, 2), Float64Array.of(1)), /predicted has 1 values; 2/],
    [() => rmse(Float64Array.of(1, Number.NaN), Float64Array.of(1, 2)), /target holds NaN at row 1/],
    [() => rmse(Float64Array.of(1, 2), Float64Array.of(1, Infinity)), /predicted holds Infinity at row 1/],
    [() => mae(new Float64Array(0), new Float64Array(0)), /at least one row/],
    [() => rocAuc(Uint8Array.of(1, 1), Float64Array.of(0.2, 0.4)), /only the class 1/],
    [() => averagePrecision(Uint8Array.of(0, 0), Float64Array.of(0.2, 0.4)), /only the class 0/],
    [() => rocAuc(Uint8Array.of(0, 2), Float64Array.of(0.2, 0.4)), /target holds 2 at row 1/],
    [() => logLoss(labels, Float64Array.of(0.2, 1.4)), /predicted holds 1.4 at row 1/],
    [() => rmse(labels, labels, { weights: Float64Array.of(-1, 2) }), /weights holds -1/],
    [() => rmse(labels, labels, { weights: Float64Array.of(0, 0) }), /sum to 0/],
    [() => calibrationTable(labels, Float64Array.of(0, 1), { bins: 0 }), /bins is 0/],
  ]
  for (const [refused, message] of refusals)
    expect(refused).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) }),
    )
})
