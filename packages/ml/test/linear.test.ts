import { expect, test } from "vitest"
import { fitLogistic, logisticProbability } from "../src/linear/logistic.ts"
import { linearResponse } from "../src/linear/respond.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { dataNames, goldenData, largestDifference, readGolden } from "./goldens.ts"

interface LinearGolden {
  data: string
  standardize: boolean
  weighted: boolean
}

const ridgeGoldens = readGolden<(LinearGolden & { alpha: number; predicted: number[] })[]>("ridge")
const logisticGoldens = readGolden<(LinearGolden & { C: number; probability: number[] })[]>("logistic")

test("the goldens cover every data set", () => {
  expect([...new Set(ridgeGoldens.map(golden => golden.data))]).toEqual(dataNames)
  expect([...new Set(logisticGoldens.map(golden => golden.data))]).toEqual(dataNames)
})

for (const golden of ridgeGoldens) {
  const { data, alpha, standardize, weighted, predicted } = golden
  const how = `alpha ${alpha}${standardize ? ", standardised" : ""}${weighted ? ", weighted" : ""}`
  test(`ridge predicts ${data} as scikit-learn does within 1e-8 (${how})`, () => {
    const { features, y, weights } = goldenData(data)
    const model = fitRidge({
      features,
      target: y,
      weights: weighted ? weights : undefined,
      parameters: { alpha, standardize },
    })
    expect(
      largestDifference(linearResponse(model, features).slice(0, predicted.length), predicted),
    ).toBeLessThan(1e-8)
  })
}

for (const golden of logisticGoldens) {
  const { data, C, standardize, weighted, probability } = golden
  const how = `C ${C}${standardize ? ", standardised" : ""}${weighted ? ", weighted" : ""}`
  test(`logistic regression gives ${data} scikit-learn's probabilities within 1e-6 (${how})`, () => {
    const { features, label, weights } = goldenData(data)
    const model = fitLogistic({
      features,
      target: label,
      weights: weighted ? weights : undefined,
      parameters: { C, standardize, tolerance: 1e-12 },
    })
    expect(model.converged).toBe(true)
    const ours = logisticProbability(model, features).slice(0, probability.length)
    expect(largestDifference(ours, probability)).toBeLessThan(1e-6)
  })
}

test("coefficients are named and in the units of the features", () => {
  const { features, y } = goldenData("flights_like")
  const model = fitRidge({ features, target: y, parameters: { alpha: 0.1, missingIndicator: true } })
  expect(model.names.slice(0, 4)).toEqual(["x0", "x0 is missing", "x1", "x1 is missing"])
  expect(model.names).toContain("c0=A7")
  expect(model.names).toContain("c0 is missing")
  expect(model.names).not.toContain("c1 is missing")
  expect(model.coefficients.length).toBe(model.names.length)
  // The data were made with 6 a unit of x2.
  expect(model.coefficients[model.names.indexOf("x2")]).toBeGreaterThan(4)
  expect(model.coefficients[model.names.indexOf("x2")]).toBeLessThan(8)
})
