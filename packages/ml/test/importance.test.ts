import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { createFeatures } from "../src/features.ts"
import { partialDependence } from "../src/importance/partial-dependence.ts"
import { permutationImportance } from "../src/importance/permutation.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { predict, predictProba } from "../src/model.ts"
import { smallProblem } from "./samples.ts"

const numeric = (name: string, values: Float64Array) => ({ name, kind: "numeric", values }) as const

/** y = 3 a + b + noise; c is noise alone. */
const linearProblem = (rows: number, seed: number) => {
  const random = createRandom(seed)
  const draw = () => Float64Array.from({ length: rows }, () => random.normal())
  const [a, b, c] = [draw(), draw(), draw()]
  const target = a.map((value, row) => 3 * value + b[row] + 0.5 * random.normal())
  return { features: createFeatures([numeric("a", a), numeric("b", b), numeric("c", c)]), target }
}

test("shuffling a feature of a linear model costs twice its explained variance (Breiman)", () => {
  const { features, target } = linearProblem(20_000, 1)
  const model = fitRidge({ features, target, parameters: { alpha: 0 } })
  const predictModel = (rows: typeof features) => predict(model, rows)
  const [first, second, third] = permutationImportance({
    predict: predictModel,
    features,
    target,
    metric: "rmse",
  })
  expect([first.name, second.name, third.name]).toEqual(["a", "b", "c"])
  // Mean squared error rises from 0.25 by 2 x 9 and 2 x 1.
  expect(first.importance).toBeCloseTo(Math.sqrt(18.25) - 0.5, 0)
  expect(second.importance).toBeCloseTo(Math.sqrt(2.25) - 0.5, 1)
  expect(Math.abs(third.importance)).toBeLessThan(0.01)
  for (const { importance, low, high } of [first, second, third]) {
    expect(low).toBeLessThanOrEqual(importance)
    expect(high).toBeGreaterThanOrEqual(importance)
  }
})

test("a metric that should be high counts its loss as importance, and categories can be shuffled", () => {
  const { features, late } = smallProblem(2_000)
  const model = fitLogistic({ features, target: late })
  const importances = permutationImportance({
    predict: rows => predictProba(model, rows),
    features,
    target: late,
    metric: "roc_auc",
    random: createRandom(3),
  })
  expect(importances.map(({ name }) => name).sort()).toEqual(["distance", "hour", "origin"])
  for (const { low } of importances) expect(low).toBeGreaterThan(0)
})

test("a sample, chosen features and the seed are honoured", () => {
  const { features, target } = linearProblem(1_000, 4)
  const model = fitRidge({ features, target })
  const seen = new Set<number>()
  const run = (seed: number) =>
    permutationImportance({
      predict: rows => {
        seen.add(rows.rows)
        return predict(model, rows)
      },
      features,
      target,
      metric: "mae",
      names: ["b"],
      sample: 200,
      random: createRandom(seed),
    })
  expect(run(1)).toEqual(run(1))
  expect(run(1)).not.toEqual(run(2))
  expect(run(1).map(({ name }) => name)).toEqual(["b"])
  expect([...seen]).toEqual([200])
})

test("a feature that is not there and a target of another length are refused", () => {
  const { features, target } = linearProblem(50, 5)
  const input = { predict: () => target, features, target, metric: "rmse" } as const
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })
  expect(() => permutationImportance({ ...input, names: ["d"] })).toThrow(refusal(/no feature "d"/))
  expect(() => permutationImportance({ ...input, target: target.slice(1) })).toThrow(
    refusal(/target has 49 values/),
  )
  expect(() => permutationImportance({ ...input, repeats: 0 })).toThrow(refusal(/repeats is 0/))
})

test("partial dependence of a linear model is its slope, and shows no interaction", () => {
  const { features, target } = linearProblem(3_000, 6)
  const model = fitRidge({ features, target, parameters: { alpha: 0 } })
  const { grid, mean, heterogeneity } = partialDependence({
    predict: rows => predict(model, rows),
    features,
    name: "a",
    points: 5,
  })
  const numbers = grid.map(Number)
  expect(numbers[2]).toBeCloseTo(0, 1)
  for (let i = 1; i < 5; i++)
    expect((mean[i] - mean[0]) / (numbers[i] - numbers[0])).toBeCloseTo(model.coefficients[0], 9)
  expect(Math.max(...heterogeneity)).toBeLessThan(1e-9)
})

test("partial dependence goes through the categories, and heterogeneity shows an interaction", () => {
  const { features, delay } = smallProblem(500)
  const model = fitRidge({ features, target: delay })
  const predictModel = (rows: typeof features) => predict(model, rows)
  const { grid, mean } = partialDependence({ predict: predictModel, features, name: "origin" })
  expect(grid).toEqual(["ATL", "ORD", "SFO"])
  const effect = (name: string) => model.coefficients[model.names.indexOf(`origin=${name}`)]
  expect(mean[2] - mean[0]).toBeCloseTo(effect("SFO") - effect("ATL"), 9)
  const { heterogeneity } = partialDependence({
    predict: rows => {
      const values = rows.columns.map(column => (column.kind === "numeric" ? column.values : column.codes))
      return Float64Array.from(values[1], (hour, row) => hour * values[2][row])
    },
    features,
    name: "origin",
  })
  expect(Math.max(...heterogeneity)).toBeGreaterThan(1)
})

test("partial dependence refuses unknown features and features without a value", () => {
  const { features, target } = linearProblem(50, 7)
  const invalid = expect.objectContaining({ code: "INVALID_INPUT" })
  const gone = createFeatures([numeric("a", new Float64Array(50).fill(Number.NaN))])
  expect(() => partialDependence({ predict: () => target, features, name: "z" })).toThrow(invalid)
  expect(() => partialDependence({ predict: () => target, features: gone, name: "a" })).toThrow(invalid)
  expect(() => partialDependence({ predict: () => target, features, name: "a", points: 1 })).toThrow(invalid)
})
