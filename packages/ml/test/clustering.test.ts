import { createRandom, type Random } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { assignClusters, fitKMeans } from "../src/clustering/k-means.ts"
import { seedCenters } from "../src/clustering/k-means-plus-plus.ts"
import { moveCenters } from "../src/clustering/lloyd.ts"
import { type ClusterShape, createClusterWorkspace } from "../src/clustering/workspace.ts"
import { createFeatures } from "../src/features.ts"
import { silhouette } from "../src/metrics/silhouette.ts"
import { featuresOfRows, goldenData, largestDifference, readGolden } from "./goldens.ts"

interface KMeansGolden {
  data: string
  clusters: number
  weighted: boolean
  points: number[][] | null
  initial: number[][]
  centers: number[][]
  labels: number[]
  inertia: number
  bestInertia: number
}

const goldens = readGolden<KMeansGolden[]>("k-means")
const seed = (values: Float64Array, shape: ClusterShape, random: Random) => {
  const workspace = createClusterWorkspace(shape)
  workspace.values.set(values)
  return seedCenters(workspace, random)
}
const pointsOf = (data: string) => goldens.find(golden => golden.data === data && golden.points)?.points ?? []

for (const golden of goldens) {
  const { data, clusters, weighted } = golden
  const features = featuresOfRows(pointsOf(data))
  const weights = weighted ? goldenData(data).weights : undefined

  test(`from the same centers Lloyd ends where scikit-learn ends on ${data}, ${clusters} clusters`, () => {
    const model = fitKMeans({
      features,
      weights,
      parameters: { clusters, tolerance: 0 },
      initialCenters: Float64Array.from(golden.initial.flat()),
    })
    expect(model.converged).toBe(true)
    expect(largestDifference(model.centers, golden.centers.flat())).toBeLessThan(1e-9)
    expect(model.inertia / golden.inertia).toBeCloseTo(1, 10)
    expect(Array.from(assignClusters(model, features))).toEqual(golden.labels)
  })

  test(`k-means++ finds clusters of ${data} as tight as scikit-learn's best of thirty, ${clusters} clusters`, () => {
    const model = fitKMeans({ features, weights, parameters: { clusters, nInit: 30, tolerance: 0 } })
    expect(model.inertia).toBeLessThanOrEqual(golden.bestInertia * 1.001)
  })
}

test("mini-batches come close to Lloyd's inertia", () => {
  const random = createRandom(4)
  const column = (name: string) => ({
    name,
    kind: "numeric" as const,
    values: Float64Array.from({ length: 3_000 }, (_, row) => (row % 3) * 10 + random.normal()),
  })
  const features = createFeatures([column("a"), column("b")])
  const lloyd = fitKMeans({ features, parameters: { clusters: 3 } })
  const batches = fitKMeans({ features, parameters: { clusters: 3, batchSize: 100, maxIterations: 50 } })
  expect(batches.inertia).toBeLessThan(lloyd.inertia * 1.02)
  expect(silhouette(features, assignClusters(batches, features), { sample: 500 })).toBeGreaterThan(0.7)
})

test("a cluster that lost its rows takes the row farthest from its center", () => {
  const features = createFeatures([{ name: "x", kind: "numeric", values: Float64Array.of(0, 1, 2, 100) }])
  const initialCenters = Float64Array.of(1, -1_000)
  const model = fitKMeans({ features, parameters: { clusters: 2 }, initialCenters })
  expect([...model.centers].sort((a, b) => a - b)).toEqual([1, 100])
  expect(model.inertia).toBe(2)
})

test("a row given to an empty cluster is taken from its old one in the same step", () => {
  const points = { rows: 3, width: 1, values: Float64Array.of(0, 2, 9) }
  const centers = Float64Array.of(1, -50)
  const labels = Int32Array.of(0, 0, 0)
  expect(moveCenters(points, undefined, { centers, labels })).toEqual(Float64Array.of(1, 9))
  const weights = Float64Array.of(1, 3, 2)
  expect(moveCenters(points, weights, { centers, labels })).toEqual(Float64Array.of(1.5, 9))
})

test("k-means++ starts in every far-apart group, however small", () => {
  const groups = Float64Array.from({ length: 300 }, (_, row) => (row < 290 ? 0 : row < 295 ? 100 : 150))
  const values = groups.map((center, row) => center + (row % 7) / 10)
  for (let run = 0; run < 50; run++) {
    const centers = seed(values, { rows: 300, width: 1, clusters: 3 }, createRandom(run))
    expect(Array.from(centers, center => Math.floor(center / 50)).sort()).toEqual([0, 2, 3])
  }
})

test("of its candidates k-means++ takes the one that lowers the sum of distances most", () => {
  // 100 rows at the origin, a group of ten at 100 on one axis, and forty lone rows at 50, each on an axis of its own:
  // group and lone rows are drawn equally often, but only the group is worth a center.
  const width = 41
  const values = new Float64Array(150 * width)
  for (let row = 100; row < 110; row++) values[row * width] = 100
  for (let lone = 0; lone < 40; lone++) values[(110 + lone) * width + 1 + lone] = 50
  let group = 0
  for (let run = 0; run < 200; run++) {
    const centers = seed(values, { rows: 150, width, clusters: 2 }, createRandom(run))
    if (centers[0] === 100 || centers[width] === 100) group++
  }
  expect(group).toBeGreaterThan(100)
})

test("k-means refuses more clusters than rows, categories, gaps and wrong centers", () => {
  const values = Float64Array.of(0, 1, Number.NaN)
  const fit = (columns: Parameters<typeof createFeatures>[0], clusters = 2, initialCenters?: Float64Array) =>
    expect(() => fitKMeans({ features: createFeatures(columns), parameters: { clusters }, initialCenters }))
  const refusal = (message: RegExp) =>
    expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })
  fit([{ name: "x", kind: "numeric", values }]).toThrow(refusal(/"x" holds NaN at row 2/))
  fit([{ name: "x", kind: "numeric", values: values.slice(0, 1) }]).toThrow(refusal(/2 clusters of 1 rows/))
  fit([{ name: "c", kind: "categorical", codes: Int32Array.of(0, 0), categories: ["a"] }]).toThrow(
    refusal(/"c" is categorical/),
  )
  fit([{ name: "x", kind: "numeric", values: Float64Array.of(0, 1) }], 2, Float64Array.of(1)).toThrow(
    refusal(/initialCenters has 1 values; 2 clusters of 1 features need 2/),
  )
})
