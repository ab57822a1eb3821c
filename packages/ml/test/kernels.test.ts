import { readFileSync } from "node:fs"
import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { assignClusters, fitKMeans } from "../src/clustering/k-means.ts"
import { encodeModel } from "../src/encoding.ts"
import { createFeatures, type FeatureColumn, type Features } from "../src/features.ts"
import { expNegative } from "../src/kernels/exp.ts"
import type { Engine } from "../src/kernels/memory.ts"
import { buildKernels } from "../src/kernels/wasm/build.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { momentsOfColumns } from "../src/linear/moments.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { createWorkspace } from "../src/linear/workspace.ts"
import { momentsOf } from "../src/moments.ts"

/** Rows of every kind of column: all number types, gaps, a constant, and categories with missing codes. */
const mixedRows = (rows: number, numbers: number, seed: number) => {
  const random = createRandom(seed)
  const columns: FeatureColumn[] = []
  for (let i = 0; i < numbers; i++) {
    const values = Float64Array.from({ length: rows }, () => random.normal() * 10 ** (i % 5) + i)
    if (i % 7 === 3) for (let row = 0; row < rows; row += 5) values[row] = Number.NaN
    if (i % 7 === 6) values.fill(0.1)
    const typed = [
      Float64Array,
      Float32Array,
      Float64Array,
      Float64Array,
      Int32Array,
      Int16Array,
      Float32Array,
    ]
    columns.push({ name: `x${i}`, kind: "numeric", values: new typed[i % 7](values) })
  }
  for (const [name, count] of [
    ["a", 3],
    ["b", 9],
    ["c", 2],
  ] as const) {
    const codes = Int32Array.from({ length: rows }, () => random.integer(count + 1) - 1)
    const categories = Array.from({ length: count }, (_, code) => String(code))
    columns.push({ name, kind: "categorical", codes, categories })
  }
  const target = Float64Array.from({ length: rows }, () => random.normal())
  const label = Uint8Array.from(target, (value, row) => (row === 0 || (row > 1 && value > 0.3) ? 1 : 0))
  const weights = Float64Array.from({ length: rows }, () => random.integer(3) + 0.25)
  return { features: createFeatures(columns), target, label, weights }
}

const engines = ["typescript", "wasm"] as const
const onBoth = (fit: (engine: Engine) => Parameters<typeof encodeModel>[0]) => {
  const [typescript, wasm] = engines.map(engine => encodeModel(fit(engine)))
  expect(wasm).toEqual(typescript)
}

test("kernels.wasm is what its source builds", async () => {
  const committed = readFileSync(new URL("../src/kernels/wasm/kernels.wasm", import.meta.url))
  expect(Buffer.from(await buildKernels()).equals(committed)).toBe(true)
})

describe("both engines give the same model to the last bit", () => {
  for (const rows of [2, 9, 511, 512, 513, 1_500])
    for (const numbers of [0, 1, 2, 5, 14])
      test(`ridge and logistic regression of ${rows} rows, ${numbers} numbers and three categories`, () => {
        const { features, target, label, weights } = mixedRows(rows, numbers, rows + numbers)
        for (const some of [undefined, weights])
          for (const missingIndicator of [false, true]) {
            const shared = { features, weights: some, parameters: { missingIndicator } }
            onBoth(engine => fitRidge({ ...shared, target, engine }))
            onBoth(engine => fitLogistic({ ...shared, target: label, engine }))
          }
      })

  test("k-means of 1 to 23 clusters in 1 to 9 dimensions, from k-means++, from given centers and in batches", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 23 }),
        fc.boolean(),
        (seed, width, clusters, weighted) => {
          const { features, weights } = points(300, width, seed)
          const shared = { features, weights: weighted ? weights : undefined }
          onBoth(engine => fitKMeans({ ...shared, parameters: { clusters, nInit: 2 }, engine }))
          onBoth(engine => fitKMeans({ ...shared, parameters: { clusters, batchSize: 50 }, engine }))
        },
      ),
      { numRuns: 40 },
    )
  })
})

/** Rows around a few places, so that clusters are found, on a coarse grid, so that distances tie. */
const points = (rows: number, width: number, seed: number): { features: Features; weights: Float64Array } => {
  const random = createRandom(seed)
  const columns = Array.from({ length: width }, (_, c) => ({
    name: `x${c}`,
    kind: "numeric" as const,
    values: Float64Array.from({ length: rows }, (_, row) => Math.round(4 * random.normal()) / 4 + (row % 5)),
  }))
  return {
    features: createFeatures(columns),
    weights: Float64Array.from({ length: rows }, () => random.integer(3)),
  }
}

test("bounds leave the labels as if every row was compared with every center", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 2, max: 12 }),
      (seed, width, clusters) => {
        const { features } = points(400, width, seed)
        const rowsOf = (row: number) =>
          features.columns.map(column => (column.kind === "numeric" ? column.values[row] : 0))
        const initialCenters = Float64Array.from(
          Array.from({ length: clusters }, (_, i) => rowsOf(i * 7)).flat(),
        )
        const distance = (row: number, centers: Float64Array, center: number) =>
          rowsOf(row).reduce((sum, value, c) => sum + (value - centers[center * width + c]) ** 2, 0)
        for (const maxIterations of [1, 2, 5, 40]) {
          const model = fitKMeans({
            features,
            parameters: { clusters, maxIterations, tolerance: 0 },
            initialCenters,
          })
          const inertia = Array.from({ length: 400 }, (_, row) =>
            Math.min(
              ...Array.from({ length: clusters }, (_, center) => distance(row, model.centers, center)),
            ),
          ).reduce((sum, value) => sum + value, 0)
          expect(Math.abs(model.inertia - inertia)).toBeLessThanOrEqual(1e-9 * inertia)
          const labels = assignClusters(model, features)
          for (let row = 0; row < 400; row += 13) {
            const own = distance(row, model.centers, labels[row])
            for (let center = 0; center < clusters; center++)
              expect(own).toBeLessThanOrEqual(distance(row, model.centers, center))
          }
        }
      },
    ),
    { numRuns: 25 },
  )
})

test("e^y by polynomial is within two units in the last place, and never 0", () => {
  let worst = 0
  for (let y = 0; y > -700; y -= 0.0137) worst = Math.max(worst, Math.abs(expNegative(y) / Math.exp(y) - 1))
  expect(worst).toBeLessThan(2 * 2 ** -52)
  expect(expNegative(0)).toBe(1)
  expect(expNegative(-1e6)).toBeGreaterThan(0)
})

test("moments in blocks are those of two passes, also far from 0, rising, constant and weighted", () => {
  const random = createRandom(9)
  const rows = 3_001
  const columns = [
    (_: number) => 1e9 + random.normal(),
    (row: number) => row,
    (row: number) => (row === 0 ? 1e6 : random.normal()),
    () => 0.1,
    (row: number) => (row % 3 === 0 ? random.normal() : Number.NaN),
    (row: number) => (row < 1_500 ? Number.NaN : 7 + random.normal()),
  ].map((value, i) => ({
    name: `x${i}`,
    kind: "numeric" as const,
    values: Float64Array.from({ length: rows }, (_, row) => value(row)),
  }))
  const weights = Float64Array.from({ length: rows }, () => random.integer(3))
  for (const some of [undefined, weights])
    for (const engine of engines) {
      const workspace = createWorkspace({ rows, width: 7, categories: [], engine })
      momentsOfColumns(workspace, columns, some).forEach((found, i) => {
        const expected = momentsOf(columns[i].values, some)
        expect(found.mean / expected.mean).toBeCloseTo(1, 12)
        expect(found.present).toBe(expected.present)
        if (i === 3) expect([found.mean, found.squares]).toEqual([0.1, 0])
        else expect(found.squares / expected.squares).toBeCloseTo(1, 8)
      })
    }
})

test("the order of the columns, which decides on tiles and lanes, does not change ridge's coefficients", () => {
  const { features, target } = mixedRows(700, 6, 5)
  const turned = createFeatures([...features.columns].reverse())
  const [one, other] = [features, turned].map(columns => fitRidge({ features: columns, target }))
  for (const [i, name] of one.names.entries())
    expect(other.coefficients[other.names.indexOf(name)]).toBeCloseTo(one.coefficients[i], 8)
})
