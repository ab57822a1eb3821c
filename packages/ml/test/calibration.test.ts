import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { expect, test } from "vitest"
import { fitCalibrated } from "../src/calibration/fit.ts"
import { applyIsotonic, fitIsotonic } from "../src/calibration/isotonic.ts"
import { applySigmoid, fitSigmoid } from "../src/calibration/platt.ts"
import { createFeatures } from "../src/features.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { expectedCalibrationError } from "../src/metrics/calibration.ts"
import { rocAuc } from "../src/metrics/ranking.ts"
import { predictProba } from "../src/model.ts"
import { dataNames, floats, largestDifference, readGolden } from "./goldens.ts"

interface CalibrationGolden {
  data: string
  scores: number[]
  labels: number[]
  weights: number[]
  grid: number[]
  sigmoid: number[]
  sigmoidWeighted: number[]
  isotonic: number[]
  isotonicWeighted: number[]
  knots: number
}

const goldens = readGolden<CalibrationGolden[]>("calibration")

test("the goldens cover every data set", () => {
  expect(goldens.map(({ data }) => data)).toEqual(dataNames)
})

for (const golden of goldens) {
  for (const weighted of [false, true]) {
    const input = {
      scores: floats(golden.scores),
      target: floats(golden.labels),
      weights: weighted ? floats(golden.weights) : undefined,
    }
    const how = `${golden.data}${weighted ? ", weighted" : ""}`

    test(`Platt's curve equals scikit-learn's within 1e-5 on ${how}`, () => {
      const curve = fitSigmoid(input)
      const expected = weighted ? golden.sigmoidWeighted : golden.sigmoid
      expect(
        largestDifference(
          golden.grid.map(score => applySigmoid(curve, score)),
          expected,
        ),
      ).toBeLessThan(1e-5)
    })

    test(`the isotonic curve equals scikit-learn's within 1e-12 on ${how}`, () => {
      const curve = fitIsotonic(input)
      const expected = weighted ? golden.isotonicWeighted : golden.isotonic
      expect(
        largestDifference(
          golden.grid.map(score => applyIsotonic(curve, score)),
          expected,
        ),
      ).toBeLessThan(1e-12)
      if (!weighted) expect(curve.scores.length).toBe(golden.knots)
    })
  }
}

test("isotonic curves never fall, and no rising curve fits better", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean()), { minLength: 2, maxLength: 30 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
      (rows, other) => {
        fc.pre(rows.some(([, label]) => label) && rows.some(([, label]) => !label))
        const scores = Float64Array.from(rows, ([score]) => score)
        const target = Float64Array.from(rows, ([, label]) => (label ? 1 : 0))
        const curve = fitIsotonic({ scores, target })
        const at = Array.from({ length: 9 }, (_, score) => applyIsotonic(curve, score))
        expect(at).toEqual(at.toSorted((a, b) => a - b))
        const loss = (heights: number[]) =>
          scores.reduce((sum, score, row) => sum + (target[row] - heights[score]) ** 2, 0)
        expect(loss(at)).toBeLessThanOrEqual(loss(other.toSorted((a, b) => a - b)) + 1e-12)
      },
    ),
  )
})

for (const method of ["sigmoid", "isotonic"] as const) {
  test(`${method} calibration mends an overconfident classifier and keeps its ranking`, () => {
    const random = createRandom(6)
    const x = Float64Array.from({ length: 4_000 }, () => random.normal())
    const target = Uint8Array.from(x, value => (random.next() < 1 / (1 + Math.exp(-value)) ? 1 : 0))
    const features = createFeatures([{ name: "x", kind: "numeric", values: x }])
    const fitted = fitLogistic({ features, target })
    const overconfident = { ...fitted, coefficients: fitted.coefficients.map(value => 4 * value) }
    const before = predictProba(overconfident, features)
    const after = predictProba(fitCalibrated({ model: overconfident, features, target, method }), features)
    expect(expectedCalibrationError(target, before)).toBeGreaterThan(0.1)
    expect(expectedCalibrationError(target, after)).toBeLessThan(0.03)
    expect(rocAuc(target, after)).toBeGreaterThanOrEqual(rocAuc(target, before) - 1e-3)
  })
}

test("labels of one class and scores without a value are refused", () => {
  const scores = Float64Array.of(0, 1)
  const invalid = expect.objectContaining({ code: "INVALID_INPUT" })
  for (const fit of [fitSigmoid, fitIsotonic]) {
    expect(() => fit({ scores, target: Uint8Array.of(1, 1) })).toThrow(invalid)
    expect(() => fit({ scores: Float64Array.of(0, Number.NaN), target: Uint8Array.of(0, 1) })).toThrow(
      invalid,
    )
    expect(() => fit({ scores, target: Uint8Array.of(0, 1, 1) })).toThrow(invalid)
  }
})
