import { expect, test } from "vitest"
import { createFeatures, type Features } from "../src/features.ts"
import { fitImputer, impute } from "../src/preprocessing/imputer.ts"
import { fitOneHot, oneHot } from "../src/preprocessing/one-hot.ts"
import { fitStandardScaler, scale } from "../src/preprocessing/standard-scaler.ts"
import { crossFitTarget, encodeTarget, fitTargetEncoder } from "../src/preprocessing/target-encoder.ts"
import { takeRows } from "../src/rows.ts"
import { codeFeatures, dataNames, floats, goldenData, largestDifference, readGolden } from "./goldens.ts"

const numbersOf = (features: Features): number[][] =>
  features.columns.map(column => Array.from(column.kind === "numeric" ? column.values : []))
const firstRows = (count: number) => Int32Array.from({ length: count }, (_, row) => row)
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

interface ScalerGolden {
  data: string
  weighted: boolean
  mean: number[]
  scale: number[]
  scaled: (number | null)[][]
}

for (const golden of readGolden<ScalerGolden[]>("standard-scaler")) {
  test(`the standard scaler equals scikit-learn's within 1e-11 on ${golden.data}${golden.weighted ? ", weighted" : ""}`, () => {
    const { features, weights } = goldenData(golden.data)
    const model = fitStandardScaler({ features, weights: golden.weighted ? weights : undefined })
    expect(largestDifference(model.mean, golden.mean)).toBeLessThan(1e-11)
    expect(largestDifference(model.scale, golden.scale)).toBeLessThan(1e-11)
    const scaled = scale(model, takeRows(features, firstRows(golden.scaled.length)))
    golden.mean.forEach((_, c) => {
      const expected = floats(golden.scaled.map(row => row[c]))
      const column = numbersOf(scaled)[c]
      expect(column.map(Number.isNaN)).toEqual(Array.from(expected, Number.isNaN))
      const present = column.flatMap((value, row) => (Number.isNaN(value) ? [] : [[value, expected[row]]]))
      expect(
        largestDifference(
          present.map(pair => pair[0]),
          present.map(pair => pair[1]),
        ),
      ).toBeLessThan(1e-9)
    })
  })
}

interface OneHotGolden {
  data: string
  codes: number[][]
  fitted: number
  categories: number[][]
  encoded: number[][]
}

for (const golden of readGolden<OneHotGolden[]>("one-hot")) {
  test(`the one-hot encoder equals scikit-learn's on ${golden.data}`, () => {
    const features = codeFeatures(golden.codes)
    const model = fitOneHot({ features: takeRows(features, firstRows(golden.fitted)) })
    expect(model.features.map(({ categories }) => categories.map(Number))).toEqual(golden.categories)
    const later = takeRows(features, firstRows(120).slice(90))
    const columns = numbersOf(oneHot(model, later))
    expect(columns).toEqual(columns.map((_, c) => golden.encoded.map(row => row[c])))
  })
}

interface TargetEncoderGolden {
  data: string
  target: "y" | "label"
  smooth: "auto" | number
  codes: number[][] | null
  folds: number[] | null
  categories: number[][]
  encodings: number[][]
  mean: number
  crossed: number[][]
}

const targetGoldens = readGolden<TargetEncoderGolden[]>("target-encoder")

test("the encoder goldens cover every data set", () => {
  expect([...new Set(targetGoldens.map(({ data }) => data))]).toEqual(dataNames)
})

for (const golden of targetGoldens) {
  const { data, target, smooth } = golden
  test(`the target encoder equals scikit-learn's within 1e-11 on ${data}, target ${target}, smooth ${smooth}`, () => {
    const codes = targetGoldens.find(other => other.data === data && other.codes)?.codes ?? []
    const folds = targetGoldens.find(
      other => other.data === data && other.target === target && other.folds,
    )?.folds
    const input = {
      features: codeFeatures(codes),
      target: goldenData(data)[target],
      parameters: { smooth, folds: 5 },
    }
    const model = fitTargetEncoder(input)
    expect(model.mean).toBeCloseTo(golden.mean, 11)
    golden.encodings.forEach((encodings, feature) => {
      const ours = golden.categories[feature].map(category => model.encodings[feature][category])
      expect(largestDifference(ours, encodings)).toBeLessThan(1e-11)
    })
    const crossed = crossFitTarget({ ...input, folds: Int32Array.from(folds ?? []) })
    numbersOf(crossed).forEach((column, c) => {
      const shown = column.filter((_, row) => row % 7 === 0)
      expect(
        largestDifference(
          shown,
          golden.crossed.map(row => row[c]),
        ),
      ).toBeLessThan(1e-11)
    })
  })
}

const letters = (codes: number[], categories = ["a", "b", "c"]) =>
  createFeatures([{ name: "c", kind: "categorical", codes: Int32Array.from(codes), categories }])

test("missing and unknown categories: zeros one-hot; own mean and overall mean by target", () => {
  const features = letters([0, 0, 1, -1])
  const target = Float64Array.of(1, 3, 5, 11)
  const later = letters([0, -1, 1], ["a", "z"])
  const hot = oneHot(fitOneHot({ features }), later)
  expect(hot.columns.map(({ name }) => name)).toEqual(["c=a", "c=b"])
  expect(numbersOf(hot)).toEqual([
    [1, 0, 0],
    [0, 0, 0],
  ])
  const encoder = fitTargetEncoder({ features, target, parameters: { smooth: 0 } })
  expect(numbersOf(encodeTarget(encoder, later))).toEqual([[2, 11, 5]])
})

test("a row's own target does not reach its cross-fitted encoding", () => {
  const features = letters(Array.from({ length: 40 }, (_, row) => row % 3))
  const target = Float64Array.from({ length: 40 }, (_, row) => row)
  const before = numbersOf(crossFitTarget({ features, target }))[0]
  for (const row of [0, 13, 39]) {
    const changed = target.slice()
    changed[row] += 1_000
    const after = numbersOf(crossFitTarget({ features, target: changed }))[0]
    expect(after[row]).toBe(before[row])
    expect(after).not.toEqual(before)
  }
})

test("the imputer fills with mean or median, and marks what it filled", () => {
  const values = Float64Array.of(1, Number.NaN, 3, 11)
  const features = createFeatures([
    { name: "x", kind: "numeric", values },
    { name: "n", kind: "numeric", values: Int16Array.of(1, 2, 3, 4) },
  ])
  const mean = impute(fitImputer({ features, parameters: { missingIndicator: true } }), features)
  expect(mean.columns.map(({ name }) => name)).toEqual(["x", "x is missing", "n"])
  expect(numbersOf(mean)).toEqual([
    [1, 5, 3, 11],
    [0, 1, 0, 0],
    [1, 2, 3, 4],
  ])
  const median = impute(fitImputer({ features, parameters: { strategy: "median" } }), features)
  expect(numbersOf(median)[0]).toEqual([1, 3, 3, 11])
  const none = createFeatures([{ name: "x", kind: "numeric", values: Float64Array.of(Number.NaN) }])
  expect(numbersOf(impute(fitImputer({ features: none }), none))).toEqual([[0]])
})

test("steps act on the columns they are told and let the others pass", () => {
  const features = createFeatures([
    { name: "a", kind: "numeric", values: Float64Array.of(1, 3) },
    { name: "b", kind: "numeric", values: Float64Array.of(1, 3) },
    { name: "c", kind: "categorical", codes: Int32Array.of(0, 1), categories: ["x", "y"] },
  ])
  const scaled = scale(fitStandardScaler({ features, columns: ["b"] }), features)
  expect(numbersOf(scaled).slice(0, 2)).toEqual([
    [1, 3],
    [-1, 1],
  ])
  expect(scaled.columns[2]).toBe(features.columns[2])
  expect(() => fitStandardScaler({ features, columns: ["c"] })).toThrow(refusal(/"c" is categorical/))
  expect(() => fitStandardScaler({ features, columns: ["d"] })).toThrow(refusal(/no feature "d"/))
  expect(() => fitOneHot({ features: createFeatures([features.columns[0]]) })).toThrow(
    refusal(/no categorical/),
  )
  expect(() => fitImputer({ features, parameters: { strategy: "mode" as "mean" } })).toThrow(
    refusal(/strategy/),
  )
})
