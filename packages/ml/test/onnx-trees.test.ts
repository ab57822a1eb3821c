import fc from "fast-check"
import { expect, test } from "vitest"
import { fitIsolationForest } from "../src/anomaly/isolation-forest.ts"
import { fitConstant } from "../src/baseline/constant.ts"
import { fitBoosting } from "../src/boosting/fit.ts"
import type { BoostingModel } from "../src/boosting/model.ts"
import { fitCalibrated } from "../src/calibration/fit.ts"
import { createFeatures, type Features } from "../src/features.ts"
import { predict, predictProba } from "../src/model.ts"
import { largestDifference } from "./goldens.ts"
import { asFloats, score } from "./onnx-score.ts"
import { completeFeatures, smallProblem } from "./samples.ts"

test("an exported model sends a value on a threshold, and its neighbours, down the branch that predict takes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_000 }),
      fc.constantFrom(1e-3, 1, 1e6),
      async (seed, scale) => {
        const { features, delay } = smallProblem(120, seed)
        const columns = features.columns.map(column =>
          column.kind === "numeric"
            ? { ...column, values: Float64Array.from(column.values, value => (value + 0.1) * scale) }
            : column,
        )
        const model = await fitBoosting({
          features: { ...features, columns },
          target: delay,
          parameters: { trees: 3, minRowsPerLeaf: 2 },
          threads: 1,
        })
        const rows = aroundThresholds(model)
        expect(score(model, rows).prediction).toEqual(predict(model, rows))
        // Values that are floats take the same branch when they are given as floats.
        const floats = asFloats(rows)
        expect(score(model, floats, { numbers: "float" }).prediction).toEqual(
          Float64Array.from(predict(model, floats), Math.fround),
        )
      },
    ),
    { numRuns: 15 },
  )
})

test("an exported isolation forest cuts where it does here, to the last bit of a double", () => {
  const { features } = smallProblem(80, 3)
  const model = fitIsolationForest({ features: completeFeatures(features), parameters: { trees: 3 } })
  const values = [...model.threshold].flatMap(value => [nextBelow(value), value, -nextBelow(-value)])
  const rows = createFeatures(
    model.features.map(({ name }) => ({ name, kind: "numeric", values: Float64Array.from(values) })),
  )
  expect(largestDifference(score(model, rows).prediction, predict(model, rows))).toBeLessThan(1e-12)
})

test("exported trees tell any set of categories apart: none, one, most or all of them", () => {
  const cases = fc.integer({ min: 1, max: 130 }).chain(count =>
    fc.record({
      count: fc.constant(count),
      sets: fc.array(fc.uint8Array({ minLength: count, maxLength: count, max: 1 }), {
        minLength: 1,
        maxLength: 6,
      }),
      missingLeft: fc.uint8Array({ minLength: 6, maxLength: 6, max: 1 }),
    }),
  )
  fc.assert(
    fc.property(cases, ({ count, sets, missingLeft }) => {
      const model = modelOfSets(count, sets, missingLeft)
      const codes = Int32Array.from({ length: count + 2 }, (_, code) => code - 1)
      const categories = [...model.features[0].categories, "unseen"]
      const rows = createFeatures([{ name: "c", kind: "categorical", codes, categories }])
      for (const inputs of ["matrix", "columns"] as const)
        expect(score(model, rows, { inputs }).prediction).toEqual(predict(model, rows))
    }),
    { numRuns: 60 },
  )
})

test("trees without a split, and a curve of one knot, answer a constant", async () => {
  const { features, late } = smallProblem(60)
  const flat = new Float64Array(60).fill(3)
  const model = await fitBoosting({ features, target: flat, parameters: { trees: 2 }, threads: 1 })
  expect(score(model, features).prediction).toEqual(new Float64Array(60).fill(3))
  const prior = fitConstant({ task: "classification", features, target: late })
  const calibrated = fitCalibrated({ model: prior, features, target: late, method: "isotonic" })
  expect(score(calibrated, features).probability).toEqual(predictProba(calibrated, features))
})

/** Rows whose numbers lie on the model's thresholds, one double below, one above, at infinity or nowhere. */
const aroundThresholds = (model: BoostingModel): Features => {
  const near = [...new Set(model.threshold)].flatMap(value =>
    Number.isFinite(value) ? [nextBelow(value), value, -nextBelow(-value)] : [value],
  )
  const values = [...near, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const rows = values.length
  return createFeatures(
    model.features.map(({ name, kind, categories }, f) =>
      kind === "numeric"
        ? { name, kind, values: Float64Array.from({ length: rows }, (_, i) => values[(i + f) % rows]) }
        : {
            name,
            kind,
            categories,
            codes: Int32Array.from({ length: rows }, (_, i) => (i % (categories.length + 1)) - 1),
          },
    ),
  )
}

/** The largest double below a finite one. */
const nextBelow = (value: number): number => {
  if (value === 0) return -Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n))
  return view.getFloat64(0)
}

/** Stumps on one categorical feature: tree t sends the categories of sets[t] left. */
const modelOfSets = (count: number, sets: readonly Uint8Array[], missingLeft: Uint8Array): BoostingModel => {
  const words = Math.ceil(count / 32)
  const categorySets = new Uint32Array(words * sets.length)
  sets.forEach((set, tree) => {
    set.forEach((isLeft, code) => {
      categorySets[tree * words + (code >>> 5)] |= isLeft << (code & 31)
    })
  })
  const nodes = 3 * sets.length
  const at = <T>(inner: (tree: number) => T, leaf: T) =>
    Array.from({ length: nodes }, (_, node) => (node % 3 === 0 ? inner(node / 3) : leaf))
  return {
    kind: "boosting",
    loss: "squared",
    features: [
      { name: "c", kind: "categorical", categories: Array.from({ length: count }, (_, i) => `c${i}`) },
    ],
    baseline: 0.5,
    roots: Int32Array.from(sets, (_, tree) => 3 * tree),
    feature: Int32Array.from(at(() => 0, -1)),
    threshold: new Float64Array(nodes),
    missingLeft: Uint8Array.from(at(tree => missingLeft[tree], 0)),
    left: Int32Array.from(at(tree => 3 * tree + 1, -1)),
    right: Int32Array.from(at(tree => 3 * tree + 2, -1)),
    categorySet: Int32Array.from(at(tree => tree * words, -1)),
    categorySets,
    value: Float64Array.from({ length: nodes }, (_, node) => 2 ** node),
    gain: new Float64Array(nodes),
    cover: new Float64Array(nodes),
  }
}
