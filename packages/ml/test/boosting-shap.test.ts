import { expect, test } from "vitest"
import { fitBoosting } from "../src/boosting/fit.ts"
import { type BoostingModel, goesLeft } from "../src/boosting/model.ts"
import { predictScores } from "../src/boosting/predict.ts"
import { treeShap } from "../src/boosting/shap.ts"
import { mixedRows, takeRows } from "./boosting-data.ts"

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Expected score when only the features of `known` are: at other nodes both sides, by their training rows. */
const scoreKnowing = (model: BoostingModel, values: readonly number[], known: Set<number>): number => {
  const walk = (node: number): number => {
    const feature = model.feature[node]
    if (feature < 0) return model.value[node]
    const [left, right] = [model.left[node], model.right[node]]
    if (known.has(feature)) return walk(goesLeft(model, node, values[feature]) ? left : right)
    return (model.cover[left] * walk(left) + model.cover[right] * walk(right)) / model.cover[node]
  }
  return model.roots.reduce((sum, root) => sum + walk(root), model.baseline)
}

/** Shapley's definition: the mean change a feature makes over all orders in which features become known. */
const shapleyByDefinition = (model: BoostingModel, values: readonly number[]): number[] => {
  const width = values.length
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  return range(width).map(feature => {
    let sum = 0
    for (let bits = 0; bits < 2 ** width; bits++) {
      if ((bits >> feature) & 1) continue
      const known = new Set(range(width).filter(f => (bits >> f) & 1))
      const weight = (factorial(known.size) * factorial(width - known.size - 1)) / factorial(width)
      const without = scoreKnowing(model, values, known)
      sum += weight * (scoreKnowing(model, values, known.add(feature)) - without)
    }
    return sum
  })
}

test("contributions are Shapley values by their definition, missing values and categories included", async () => {
  const { features, target } = mixedRows(800)
  const model = await fitBoosting({ features, target, parameters: { trees: 6, leaves: 10, categoryL2: 0 } })
  const rows = range(25)
  const { contributions } = treeShap(model, takeRows(features, rows))
  for (const row of rows) {
    const values = features.columns.map(
      column => (column.kind === "numeric" ? column.values : column.codes)[row],
    )
    shapleyByDefinition(model, values).forEach((expected, f) => {
      expect(contributions[row * 5 + f]).toBeCloseTo(expected, 9)
    })
  }
})

test("contributions and the expected score add up to the score, for every loss", async () => {
  const { features, target, labels } = mixedRows(2000)
  for (const loss of ["squared", "logistic", "absolute"] as const) {
    const model = await fitBoosting({
      features,
      target: loss === "logistic" ? labels : target,
      parameters: { loss },
    })
    const some = takeRows(features, range(200))
    const { expected, contributions } = treeShap(model, some)
    predictScores(model, some).forEach((score, row) => {
      const sum = contributions
        .subarray(row * 5, row * 5 + 5)
        .reduce((total, value) => total + value, expected)
      expect(sum).toBeCloseTo(score, 9)
    })
  }
})

test("features of another model are refused and an aborted signal ends the work", async () => {
  const { features, target } = mixedRows(100)
  const model = await fitBoosting({ features, target, parameters: { trees: 2 } })
  expect(() => treeShap(model, { ...features, columns: features.columns.slice(1) })).toThrow(/expected 5/)
  expect(() => treeShap(model, features, { signal: AbortSignal.abort() })).toThrow(/Interrupted/)
})
