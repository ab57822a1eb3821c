import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { fitPca, project } from "../src/decomposition/pca.ts"
import { symmetricEigen } from "../src/decomposition/symmetric-eigen.ts"
import { createFeatures, type Features } from "../src/features.ts"
import { filledNumbers, goldenData, largestDifference, readGolden } from "./goldens.ts"

interface PcaGolden {
  data: string
  columns: number
  components: number
  whiten: boolean
  axes: number[][]
  variance: number[]
  ratio: number[]
  scores: number[][]
}

const numbers = (features: Features, column: number): Float64Array => {
  const { values } = features.columns[column] as { values: Float64Array }
  return values
}

for (const golden of readGolden<PcaGolden[]>("pca")) {
  const { data, components, whiten } = golden
  test(`PCA of ${data} equals scikit-learn's within 1e-7: ${components} components${whiten ? ", whitened" : ""}`, () => {
    const filled = filledNumbers(goldenData(data).features)
    const features = { rows: filled.rows, columns: filled.columns.slice(0, golden.columns) }
    const model = fitPca({ features, parameters: { components, whiten } })
    expect(largestDifference(model.axes, golden.axes.flat())).toBeLessThan(1e-7)
    golden.variance.forEach((variance, k) => {
      expect(model.variance[k] / variance).toBeCloseTo(1, 9)
    })
    expect(largestDifference(model.varianceRatio, golden.ratio)).toBeLessThan(1e-11)
    const scores = project(model, features)
    golden.scores.forEach((row, i) => {
      expect(
        largestDifference(
          row.map((_, k) => numbers(scores, k)[i]),
          row,
        ),
      ).toBeLessThan(1e-7)
    })
  })
}

test("a share of variance keeps as few components as explain it, and other columns pass through", () => {
  const random = createRandom(1)
  const a = Float64Array.from({ length: 500 }, () => random.normal())
  const features = createFeatures([
    { name: "a", kind: "numeric", values: a },
    { name: "b", kind: "numeric", values: a.map(value => 2 * value + 0.1 * random.normal()) },
    { name: "c", kind: "categorical", codes: new Int32Array(500), categories: ["x"] },
  ])
  const model = fitPca({ features, parameters: { components: 0.9 } })
  expect(model.variance.length).toBe(1)
  expect(project(model, features).columns.map(({ name }) => name)).toEqual(["c", "pca1"])
})

test("projected columns are uncorrelated and keep the total variance", () => {
  const { features } = goldenData("wine")
  const model = fitPca({ features, parameters: { whiten: true } })
  const projected = project(model, features)
  for (let i = 0; i < 5; i++)
    for (let j = 0; j <= i; j++) {
      const product = numbers(projected, i).reduce(
        (sum, value, row) => sum + value * numbers(projected, j)[row],
        0,
      )
      expect(product / (features.rows - 1)).toBeCloseTo(i === j ? 1 : 0, 6)
    }
})

test("eigenvectors diagonalise a random symmetric matrix to the last digits", () => {
  const random = createRandom(2)
  const size = 30
  const a = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) a[i * size + j] = a[j * size + i] = random.normal()
  const { values, vectors } = symmetricEigen(a.slice(), size)
  for (let k = 0; k < size; k++)
    for (let i = 0; i < size; i++) {
      let product = 0
      for (let j = 0; j < size; j++) product += a[i * size + j] * vectors[k * size + j]
      expect(product).toBeCloseTo(values[k] * vectors[k * size + i], 12)
    }
})

test("PCA refuses one row, gaps and more components than features", () => {
  const column = (values: number[]) =>
    createFeatures([{ name: "x", kind: "numeric", values: Float64Array.from(values) }])
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })
  expect(() => fitPca({ features: column([1]) })).toThrow(refusal(/two rows; it got 1/))
  expect(() => fitPca({ features: column([1, Number.NaN]) })).toThrow(refusal(/"x" holds NaN/))
  expect(() => fitPca({ features: column([1, 2]), parameters: { components: 2 } })).toThrow(
    refusal(/2 components/),
  )
  expect(() => fitPca({ features: column([1, 2]), parameters: { components: 1.5 } })).toThrow(
    refusal(/components/),
  )
})
