import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { fitBoosting } from "../src/boosting/fit.ts"
import type { BoostingModel } from "../src/boosting/model.ts"
import type { Loss } from "../src/boosting/parameters.ts"
import { predictBoosting, predictScores } from "../src/boosting/predict.ts"
import { treeShap } from "../src/boosting/shap.ts"
import { createFeatures, type Features } from "../src/features.ts"
import { rootMeanSquare } from "./boosting-data.ts"

const golden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../goldens/boosting/${name}.json`, import.meta.url), "utf8"))

const numeric = (columns: readonly (readonly (number | null)[])[]): Features =>
  createFeatures(
    columns.map((values, i) => ({
      name: `x${i}`,
      kind: "numeric" as const,
      values: Float64Array.from(values, value => value ?? Number.NaN),
    })),
  )

/** Root mean square difference as a share of the reference's standard deviation. */
const relativeDifference = (predicted: Float64Array, reference: readonly number[]): number => {
  const mean = reference.reduce((sum, value) => sum + value, 0) / reference.length
  return (
    rootMeanSquare(predicted, reference) /
    rootMeanSquare(new Float64Array(reference.length).fill(mean), reference)
  )
}

const tolerances: Record<string, { plain: number; weighted: number }> = {
  squared: { plain: 1e-5, weighted: 2e-3 },
  absolute: { plain: 1e-6, weighted: 0 },
  logistic: { plain: 2e-3, weighted: 2e-3 },
  poisson: { plain: 1e-4, weighted: 2e-3 },
}

interface Fits {
  settings: { trees: number; leaves: number; learningRate: number; minRowsPerLeaf: number }
  sets: Record<
    string,
    {
      loss: Loss
      columns: (number | null)[][]
      target: number[]
      weights: number[]
      sklearn: number[]
      lightgbm: number[]
      sklearnWeighted: number[]
    }
  >
}

/**
 * The same trees as the reference: what is left is the fixed point of gradients and, where hessians vary,
 * their 15-bit rounding. For absolute loss the two libraries grow different trees; these are LightGBM's.
 */
describe("predictions on the training rows differ from the reference by at most a share of their spread", () => {
  const { settings, sets } = golden<Fits>("boosting-fits")
  for (const [name, set] of Object.entries(sets)) {
    const { loss, target, weights } = set
    const features = numeric(set.columns)
    const parameters = { loss, ...settings }
    test(`${name}: ${tolerances[loss].plain}`, async () => {
      const predicted = predictBoosting(await fitBoosting({ features, target, parameters }), features)
      const reference = loss === "absolute" ? set.lightgbm : set.sklearn
      expect(relativeDifference(predicted, reference)).toBeLessThan(tolerances[loss].plain)
    })
    if (loss !== "absolute")
      test(`${name} with weights: ${tolerances[loss].weighted}`, async () => {
        const predicted = predictBoosting(
          await fitBoosting({ features, target, weights, parameters }),
          features,
        )
        expect(relativeDifference(predicted, set.sklearnWeighted)).toBeLessThan(tolerances[loss].weighted)
      })
  }
})

test("categorical splits predict unseen rows as well as LightGBM's (within 3 %)", async () => {
  const { codes, number, target, trees, lightgbmTestRmse } = golden<{
    codes: number[][]
    number: number[]
    target: number[]
    trees: number
    lightgbmTestRmse: number
  }>("boosting-categories")
  const categories = Array.from({ length: 40 }, (_, i) => `c${i}`)
  const rows = (first: number, last: number): Features =>
    createFeatures([
      ...codes.map((column, i) => ({
        name: `c${i}`,
        kind: "categorical" as const,
        codes: Int16Array.from(column.slice(first, last)),
        categories,
      })),
      { name: "number", kind: "numeric", values: Float64Array.from(number.slice(first, last)) },
    ])
  const model = await fitBoosting({
    features: rows(0, 2000),
    target: target.slice(0, 2000),
    parameters: { trees },
  })
  const error = rootMeanSquare(predictBoosting(model, rows(2000, 3000)), target.slice(2000))
  expect(error).toBeLessThan(1.03 * lightgbmTestRmse)
})

test("TreeSHAP of a LightGBM model is what shap and LightGBM compute", () => {
  const { model, rows, score, lightgbm, shap } = golden<{
    model: Record<
      "roots" | "feature" | "threshold" | "missingLeft" | "left" | "right" | "value" | "cover",
      number[]
    >
    rows: (number | null)[][]
    score: number[]
    lightgbm: number[][]
    shap: number[][]
  }>("boosting-shap")
  const width = rows[0].length
  const features = numeric(Array.from({ length: width }, (_, f) => rows.map(row => row[f])))
  const imported: BoostingModel = {
    kind: "boosting",
    loss: "squared",
    features: features.columns.map(({ name }) => ({ name, kind: "numeric", categories: [] })),
    baseline: 0,
    roots: Int32Array.from(model.roots),
    feature: Int32Array.from(model.feature),
    threshold: Float64Array.from(model.threshold),
    missingLeft: Uint8Array.from(model.missingLeft),
    left: Int32Array.from(model.left),
    right: Int32Array.from(model.right),
    categorySet: new Int32Array(model.feature.length).fill(-1),
    categorySets: new Uint32Array(0),
    value: Float64Array.from(model.value),
    gain: new Float64Array(model.feature.length),
    cover: Float64Array.from(model.cover),
  }
  predictScores(imported, features).forEach((value, row) => {
    expect(value).toBeCloseTo(score[row], 8)
  })
  const { expected, contributions } = treeShap(imported, features)
  rows.forEach((_, row) => {
    expect(expected).toBeCloseTo(lightgbm[row][width], 7)
    for (let f = 0; f < width; f++) {
      expect(contributions[row * width + f]).toBeCloseTo(shap[row][f], 7)
      expect(contributions[row * width + f]).toBeCloseTo(lightgbm[row][f], 7)
    }
  })
})
