import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { expect, test } from "vitest"
import { fitIsolationForest } from "../src/anomaly/isolation-forest.ts"
import { anomalyScores } from "../src/anomaly/score.ts"
import { fitConstant } from "../src/baseline/constant.ts"
import { fitKMeans } from "../src/clustering/k-means.ts"
import { fitPca, project } from "../src/decomposition/pca.ts"
import { createFeatures, type Features } from "../src/features.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { predict, predictProba } from "../src/model.ts"
import { fitStandardScaler, scale } from "../src/preprocessing/standard-scaler.ts"
import { crossFitTarget, fitTargetEncoder } from "../src/preprocessing/target-encoder.ts"
import { largestDifference } from "./goldens.ts"
import { smallProblem } from "./samples.ts"

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

const numbers = (columns: Record<string, number[]>): Features =>
  createFeatures(
    Object.entries(columns).map(([name, values]) => ({
      name,
      kind: "numeric",
      values: Float64Array.from(values),
    })),
  )

const draw = (rows: number, seed: number) => {
  const random = createRandom(seed)
  const column = () => Array.from({ length: rows }, () => random.normal())
  const [a, b] = [column(), column()]
  const target = Float64Array.from(a, (value, row) => 2 * value - b[row] + random.normal())
  return { a, b, target, label: Uint8Array.from(target, value => (value > 0 ? 1 : 0)) }
}

const units = fc.record({
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  factor: fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
  shift: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
})

test("standardised ridge and logistic regression do not care about the units of a feature", () => {
  fc.assert(
    fc.property(units, ({ seed, factor, shift }) => {
      const { a, b, target, label } = draw(60, seed)
      const features = numbers({ a, b })
      const others = numbers({ a: a.map(value => factor * value + shift), b })
      const ridge = fitRidge({ features, target, parameters: { alpha: 3 } })
      const otherRidge = fitRidge({ features: others, target, parameters: { alpha: 3 } })
      expect(largestDifference(predict(otherRidge, others), predict(ridge, features))).toBeLessThan(1e-6)
      const logistic = fitLogistic({ features, target: label })
      const otherLogistic = fitLogistic({ features: others, target: label })
      expect(
        largestDifference(predictProba(otherLogistic, others), predictProba(logistic, features)),
      ).toBeLessThan(1e-6)
    }),
    { numRuns: 25 },
  )
})

test("ridge follows its target: shifted and scaled targets shift and scale the predictions", () => {
  fc.assert(
    fc.property(units, ({ seed, factor, shift }) => {
      const { a, b, target } = draw(40, seed)
      const features = numbers({ a, b })
      const base = predict(fitRidge({ features, target }), features)
      const moved = predict(fitRidge({ features, target: target.map(y => factor * y + shift) }), features)
      const expected = base.map(value => factor * value + shift)
      expect(largestDifference(moved, expected)).toBeLessThan(1e-8)
    }),
    { numRuns: 25 },
  )
})

test("k-means and isolation forests follow a common change of units by a power of two exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: -8, max: 8 }), (seed, power) => {
      const { a, b } = draw(50, seed)
      const factor = 2 ** power
      const features = numbers({ a, b })
      const scaled = numbers({ a: a.map(value => value * factor), b: b.map(value => value * factor) })
      const clusters = fitKMeans({ features, parameters: { clusters: 3 } })
      const scaledClusters = fitKMeans({ features: scaled, parameters: { clusters: 3 } })
      expect(scaledClusters.centers).toEqual(clusters.centers.map(value => value * factor))
      expect(predict(scaledClusters, scaled)).toEqual(predict(clusters, features))
      const forest = fitIsolationForest({ features, parameters: { trees: 5 } })
      const scaledForest = fitIsolationForest({ features: scaled, parameters: { trees: 5 } })
      expect(anomalyScores(scaledForest, scaled)).toEqual(anomalyScores(forest, features))
    }),
    { numRuns: 15 },
  )
})

test("a constant column changes no prediction of a linear model, not even without a penalty", () => {
  const { a, b, target, label } = draw(50, 1)
  const features = numbers({ a, b })
  const more = numbers({ flat: a.map(() => 0.1), a, b })
  for (const alpha of [0, 1]) {
    const ridge = fitRidge({ features, target, parameters: { alpha } })
    const wider = fitRidge({ features: more, target, parameters: { alpha } })
    expect(wider.coefficients[0]).toBe(0)
    expect(largestDifference(predict(wider, more), predict(ridge, features))).toBeLessThan(1e-12)
  }
  const wider = fitLogistic({ features: more, target: label })
  expect(wider.coefficients[0]).toBe(0)
})

test("without a penalty, copies of a column and a full set of categories still give least squares", () => {
  const { a, b, target } = draw(50, 2)
  const once = fitRidge({ features: numbers({ a, b }), target, parameters: { alpha: 0 } })
  const twice = numbers({ a, again: a, b, sum: a.map((value, row) => value + b[row]) })
  const aliased = fitRidge({ features: twice, target, parameters: { alpha: 0 } })
  expect(largestDifference(predict(aliased, twice), predict(once, numbers({ a, b })))).toBeLessThan(1e-9)
  expect([aliased.coefficients[1], aliased.coefficients[3]]).toEqual([0, 0])
})

test("one row: the baseline and ridge repeat it, k-means sits on it, a forest finds nothing odd", () => {
  const features = numbers({ a: [3], b: [4] })
  const target = Float64Array.of(7)
  expect(predict(fitConstant({ task: "regression", features, target }), features)[0]).toBe(7)
  expect(predict(fitRidge({ features, target }), numbers({ a: [30], b: [-4] }))[0]).toBe(7)
  expect(Array.from(fitKMeans({ features, parameters: { clusters: 1 } }).centers)).toEqual([3, 4])
  expect(anomalyScores(fitIsolationForest({ features }), features)[0]).toBe(0.5)
  const scaled = scale(fitStandardScaler({ features }), features).columns[0]
  expect(scaled.kind === "numeric" && scaled.values[0]).toBe(0)
  expect(() => fitLogistic({ features, target: Uint8Array.of(1) })).toThrow(
    invalid(/only the class 1 in 1 rows/),
  )
  expect(() => fitPca({ features })).toThrow(invalid(/two rows/))
})

test("one row: a category takes its target, and cannot be cross-fitted", () => {
  const features = createFeatures([
    { name: "c", kind: "categorical", codes: Int32Array.of(0), categories: ["x"] },
  ])
  const target = Float64Array.of(7)
  expect(fitTargetEncoder({ features, target }).encodings[0][0]).toBe(7)
  expect(() => crossFitTarget({ features, target })).toThrow(invalid(/rows outside each fold/))
})

test("one class: the baseline takes it, a logistic regression refuses it, also when weights leave one", () => {
  const { a, b, label } = draw(20, 3)
  const features = numbers({ a, b })
  const ones = new Uint8Array(20).fill(1)
  expect(predictProba(fitConstant({ task: "classification", features, target: ones }), features)[0]).toBe(1)
  expect(() => fitLogistic({ features, target: ones })).toThrow(invalid(/only the class 1/))
  const weights = Float64Array.from(label)
  expect(() => fitLogistic({ features, target: label, weights })).toThrow(invalid(/only the class 1/))
  expect(() => fitLogistic({ features, target: label.map(y => 2 * y) })).toThrow(invalid(/labels are 0 or 1/))
})

test("a column without any value says nothing to a linear model", () => {
  const { a, b, target } = draw(30, 4)
  const without = fitRidge({ features: numbers({ a, b }), target })
  const empty = numbers({ gone: a.map(() => Number.NaN), a, b })
  const model = fitRidge({ features: empty, target, parameters: { missingIndicator: true } })
  expect(largestDifference(predict(model, empty), predict(without, numbers({ a, b })))).toBeLessThan(1e-12)
})

test("separable classes end at the penalised optimum; almost without a penalty they say they did not converge", () => {
  const features = numbers({ x: [-2, -1, 1, 2] })
  const target = Uint8Array.of(0, 0, 1, 1)
  const model = fitLogistic({ features, target })
  expect(model.converged).toBe(true)
  expect(predict(model, features)).toEqual(Float64Array.of(0, 0, 1, 1))
  const steep = fitLogistic({ features, target, parameters: { C: 1e12, maxIterations: 5, tolerance: 1e-15 } })
  expect(steep.converged).toBe(false)
  expect(predictProba(steep, features).every(Number.isFinite)).toBe(true)
})

test("all rows equal: k-means takes duplicate centers, a forest scores all alike, PCA has no variance", () => {
  const features = numbers({ x: [5, 5, 5, 5] })
  const model = fitKMeans({ features, parameters: { clusters: 2 } })
  expect(model.inertia).toBe(0)
  expect(Array.from(model.centers)).toEqual([5, 5])
  expect(new Set(anomalyScores(fitIsolationForest({ features }), features)).size).toBe(1)
  const pca = fitPca({ features })
  expect(Array.from(pca.varianceRatio)).toEqual([0])
  const projected = project(pca, features).columns[0]
  expect(projected.kind === "numeric" && Array.from(projected.values)).toEqual([0, 0, 0, 0])
})

test("too wide a one-hot encoding is refused before it hurts", () => {
  const categories = Array.from({ length: 3_000 }, (_, i) => String(i))
  const features = createFeatures([
    { name: "c", kind: "categorical", codes: Int32Array.of(0, 1), categories },
  ])
  expect(() => fitRidge({ features, target: Float64Array.of(0, 1) })).toThrow(
    invalid(/3000 columns; at most 2047/),
  )
})

test("an aborted fit stops at the next piece of work; progress only grows", () => {
  const { features, late } = smallProblem()
  const complete = numbers(draw(300, 5) as unknown as { a: number[]; b: number[] })
  const controller = new AbortController()
  const interrupted = expect.objectContaining({ code: "INTERRUPTED" })
  const done: number[] = []
  const control = {
    signal: controller.signal,
    onProgress: (progress: { done: number; total: number }) => {
      done.push(progress.done)
      expect(progress.done).toBeLessThanOrEqual(progress.total)
      if (done.length === 3) controller.abort()
    },
  }
  expect(() => fitLogistic({ features, target: late, ...control })).toThrow(interrupted)
  expect(done).toEqual(done.toSorted((x, y) => x - y))
  expect(() => fitLogistic({ features, target: late, ...control })).toThrow(interrupted)
  expect(() => fitRidge({ features, target: late, ...control })).toThrow(interrupted)
  expect(() => fitKMeans({ features: complete, ...control })).toThrow(interrupted)
  expect(() => fitIsolationForest({ features: complete, ...control })).toThrow(interrupted)
})
