import { createRandom, type Random, shuffle } from "@roadmap/core/random"
import { describe, expect, test } from "vitest"
import {
  compareCrossValidations,
  correctedResampledTTest,
  pairedBootstrap,
} from "../src/selection/compare.ts"
import { crossValidate } from "../src/selection/cross-validate.ts"
import { studentCdf, studentQuantile } from "../src/selection/student-t.ts"
import { kFold } from "../src/split/k-fold.ts"
import { repeatedFolds } from "../src/split/repeated.ts"
import { readGolden } from "./goldens.ts"
import { smallProblem } from "./samples.ts"

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

test("Student's t is SciPy's", () => {
  const { degrees, values, cdf, probabilities, quantiles } = readGolden<{
    student: {
      degrees: number[]
      values: number[]
      cdf: number[][]
      probabilities: number[]
      quantiles: number[][]
    }
  }>("selection").student
  degrees.forEach((d, i) => {
    values.forEach((t, j) => {
      expect(Math.abs(studentCdf(t, d) / cdf[i][j] - 1)).toBeLessThan(1e-9)
    })
    probabilities.forEach((p, j) => {
      expect(Math.abs(studentQuantile(p, d) - quantiles[i][j])).toBeLessThan(
        1e-9 * (1 + Math.abs(quantiles[i][j])),
      )
    })
  })
})

test("the corrected t-test is Nadeau and Bengio's formula", () => {
  const { difference, t, degrees, pValue, low, high } = correctedResampledTTest({
    first: Float64Array.of(0.8, 0.82, 0.79, 0.85),
    second: Float64Array.of(0.78, 0.81, 0.8, 0.8),
    trainRows: 90,
    testRows: 10,
  })
  const differences = [0.02, 0.01, -0.01, 0.05]
  const variance = differences.reduce((sum, value) => sum + (value - 0.0175) ** 2 / 3, 0)
  expect(difference).toBeCloseTo(0.0175, 12)
  expect(t).toBeCloseTo(0.0175 / Math.sqrt((1 / 4 + 10 / 90) * variance), 10)
  expect(degrees).toBe(3)
  expect(pValue).toBeCloseTo(2 * (1 - studentCdf(t, 3)), 12)
  expect(low).toBeLessThan(0)
  expect((low + high) / 2).toBeCloseTo(0.0175, 12)
})

/**
 * Two learners that are equally good: each fits a line through zero to one of two features that the target
 * depends on alike. Their squared errors over a 10 times repeated 5-fold of 60 rows.
 */
const equalLearners = (random: Random) => {
  const normal = () => Float64Array.from({ length: 60 }, () => random.normal())
  const features = [normal(), normal()]
  const target = normal().map((noise, row) => noise + features[0][row] + features[1][row])
  const split = (own: Random) => kFold({ rows: 60, folds: 5, random: own })
  const scores: [number[], number[]] = [[], []]
  for (const { train, test: tested } of repeatedFolds({ repeats: 10, split, random }))
    features.forEach((x, learner) => {
      let [product, square, errors] = [0, 0, 0]
      for (const row of train) {
        product += x[row] * target[row]
        square += x[row] * x[row]
      }
      for (const row of tested) errors += (target[row] - (product / square) * x[row]) ** 2
      scores[learner].push(errors / tested.length)
    })
  return scores.map(values => Float64Array.from(values))
}

describe("between two equally good learners, at a level of 5 %,", () => {
  const share = (simulations: number, isFound: (random: Random) => boolean) => {
    let found = 0
    for (let seed = 0; seed < simulations; seed++) if (isFound(createRandom(seed))) found++
    return found / simulations
  }

  test("the corrected t-test finds a difference about as often as it may; the plain one far too often", () => {
    const samples = Array.from({ length: 400 }, (_, seed) => equalLearners(createRandom(seed)))
    const found = (testRows: number) =>
      samples.filter(
        ([first, second]) =>
          correctedResampledTTest({ first, second, trainRows: 48, testRows }).pValue < 0.05,
      ).length / samples.length
    const corrected = found(12)
    // As good as no correction.
    const plain = found(1e-9)
    expect(corrected).toBeGreaterThan(0.005)
    expect(corrected).toBeLessThan(0.09)
    expect(plain).toBeGreaterThan(0.3)
  })

  test("so does the paired bootstrap over rows, and over groups of rows that go together", () => {
    const pValue = (random: Random, grouped: boolean, perGroup: number) => {
      const shared = Float64Array.from({ length: 40 }, () => random.normal())
      const groups = Int32Array.from({ length: 40 * perGroup }, (_, row) => Math.floor(row / perGroup))
      const target = new Float64Array(groups.length)
      // Errors of both have the same size; which is larger goes by group.
      const first = Float64Array.from(groups, group => 2 + shared[group])
      const second = Float64Array.from(groups, group => 2 - shared[group])
      const options = { metric: "mae", target, first, second, replicates: 200, random } as const
      return pairedBootstrap({ ...options, groups: grouped ? groups : undefined }).pValue
    }
    const byRow = share(400, random => pValue(random, false, 1) < 0.05)
    const byGroup = share(400, random => pValue(random, true, 4) < 0.05)
    const wrong = share(200, random => pValue(random, false, 4) < 0.05)
    for (const rate of [byRow, byGroup]) {
      expect(rate).toBeGreaterThan(0.02)
      expect(rate).toBeLessThan(0.1)
    }
    expect(wrong).toBeGreaterThan(0.2)
  })
})

test("a learner that is better is found so by both tests, the interval on the right side of zero", async () => {
  const { features, delay } = smallProblem(300)
  const shuffled = (random: Random) => kFold({ rows: 300, folds: 5, random })
  const run = (kind: "ridge" | "constant") =>
    crossValidate({
      estimator: kind === "ridge" ? { kind } : { kind, task: "regression" },
      features,
      target: delay,
      folds: repeatedFolds({ repeats: 2, split: shuffled }),
      metrics: ["rmse"],
      workers: 1,
    })
  const [ridge, constant] = [await run("ridge"), await run("constant")]
  const byFolds = compareCrossValidations({ metric: "rmse", first: ridge, second: constant })
  expect(byFolds.high).toBeLessThan(0)
  expect(byFolds.pValue).toBeLessThan(0.001)
  expect(byFolds.degrees).toBe(9)
  const byRows = pairedBootstrap({
    metric: "rmse",
    target: delay,
    first: ridge.predicted,
    second: constant.predicted,
  })
  expect(byRows.high).toBeLessThan(0)
  expect(byRows.pValue).toBe(2 / 1001)
  expect(() =>
    compareCrossValidations({
      metric: "rmse",
      first: ridge,
      second: { ...ridge, folds: ridge.folds.slice(1) },
    }),
  ).toThrow(refusal(/differ in fold 10/))
})

test("a model compared with itself differs by nothing", () => {
  const target = Float64Array.from(
    shuffle(
      Int32Array.from({ length: 50 }, (_, i) => i),
      createRandom(1),
    ),
  )
  const first = target.map(value => value + 1)
  const same = pairedBootstrap({ metric: "rmse", target, first, second: first })
  expect([same.difference, same.low, same.high, same.pValue]).toEqual([0, 0, 0, 1])
  const scores = Float64Array.of(1, 2, 3)
  const folds = correctedResampledTTest({ first: scores, second: scores, trainRows: 2, testRows: 1 })
  expect([folds.difference, folds.low, folds.high, folds.pValue]).toEqual([0, 0, 0, 1])
})

test("comparisons that cannot be made are refused", () => {
  const two = Float64Array.of(1, 2)
  const refusals: [() => unknown, RegExp][] = [
    [
      () => correctedResampledTTest({ first: two, second: two.slice(1), trainRows: 1, testRows: 1 }),
      /second has 1/,
    ],
    [
      () => correctedResampledTTest({ first: two.slice(1), second: two.slice(1), trainRows: 1, testRows: 1 }),
      /scores of two folds; there are 1/,
    ],
    [() => correctedResampledTTest({ first: two, second: two, trainRows: 0, testRows: 1 }), /0 training/],
    [
      () => correctedResampledTTest({ first: two, second: two, trainRows: 1, testRows: 1, level: 95 }),
      /level is 95/,
    ],
    [
      () => pairedBootstrap({ metric: "rmse", target: two, first: two, second: two, replicates: 1 }),
      /replicates is 1/,
    ],
    [() => pairedBootstrap({ metric: "rmse", target: two, first: two, second: two, level: 1 }), /level is 1/],
  ]
  for (const [refused, message] of refusals) expect(refused).toThrow(refusal(message))
})
