import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { expect, test } from "vitest"
import { fitIsolationForest, type IsolationForestModel } from "../src/anomaly/isolation-forest.ts"
import { expectedPathLength } from "../src/anomaly/isolation-tree.ts"
import { anomalyScores } from "../src/anomaly/score.ts"
import { countBelow, indexThresholds } from "../src/anomaly/thresholds.ts"
import { createFeatures } from "../src/features.ts"
import { rocAuc } from "../src/metrics/ranking.ts"
import { largestDifference, numericFeatures, readGolden } from "./goldens.ts"

interface GoldenTree {
  feature: number[]
  threshold: number[]
  left: number[]
  right: number[]
  rows: number[]
}
interface IsolationForestGolden {
  data: string
  values: number[][]
  sampleSize: number
  trees: GoldenTree[]
  scores: number[]
  meanScores: number[]
}

const goldens = readGolden<IsolationForestGolden[]>("isolation-forest")

/** scikit-learn's trees in this model's arrays: leaves get depth + expected depth of what was not split. */
const importTrees = (golden: IsolationForestGolden): IsolationForestModel => {
  const features = numericFeatures(golden.values)
  const model = fitIsolationForest({ features, parameters: { trees: golden.trees.length, maxSamples: 64 } })
  const roots: number[] = []
  const all = { feature: [], threshold: [], left: [], right: [], pathLength: [] } as Record<string, number[]>
  for (const tree of golden.trees) {
    const root = all.feature.length
    roots.push(root)
    const depth = new Array<number>(tree.feature.length).fill(0)
    tree.feature.forEach((feature, node) => {
      if (feature >= 0) {
        depth[tree.left[node]] = depth[node] + 1
        depth[tree.right[node]] = depth[node] + 1
      }
      all.feature.push(feature)
      all.threshold.push(tree.threshold[node])
      all.left.push(root + tree.left[node])
      all.right.push(root + tree.right[node])
      all.pathLength.push(depth[node] + expectedPathLength(tree.rows[node]))
    })
  }
  return {
    ...model,
    roots: Int32Array.from(roots),
    feature: Int32Array.from(all.feature),
    threshold: Float64Array.from(all.threshold),
    left: Int32Array.from(all.left),
    right: Int32Array.from(all.right),
    pathLength: Float64Array.from(all.pathLength),
  }
}

for (const golden of goldens) {
  test(`scikit-learn's trees score ${golden.data} here as they do there, within 1e-12`, () => {
    const scores = anomalyScores(importTrees(golden), numericFeatures(golden.values))
    expect(largestDifference(scores, golden.scores)).toBeLessThan(1e-12)
  })

  test(`a forest grown here scores ${golden.data} as the mean of ten of scikit-learn's, within 0.02`, () => {
    const features = numericFeatures(golden.values)
    const model = fitIsolationForest({ features, parameters: { trees: 2_000, maxSamples: 64 } })
    expect(largestDifference(anomalyScores(model, features), golden.meanScores)).toBeLessThan(0.02)
  })
}

test("rows far from a crowd score higher than the crowd", () => {
  const random = createRandom(2)
  const odd = Uint8Array.from({ length: 1_000 }, (_, row) => (row % 50 === 0 ? 1 : 0))
  const column = (name: string) => ({
    name,
    kind: "numeric" as const,
    values: Float64Array.from(odd, label => random.normal() + (label === 1 ? 6 : 0)),
  })
  const features = createFeatures([column("a"), column("b")])
  const scores = anomalyScores(fitIsolationForest({ features }), features)
  expect(rocAuc(odd, scores)).toBeGreaterThan(0.99)
  expect(Math.max(...scores)).toBeLessThanOrEqual(1)
  expect(Math.min(...scores)).toBeGreaterThan(0)
})

test("trees grow to the height limit of the paper, log2 of the sample size, and no further", () => {
  const random = createRandom(3)
  const values = Float64Array.from({ length: 5_000 }, () => random.normal())
  const features = createFeatures([{ name: "x", kind: "numeric", values }])
  for (const [maxSamples, limit] of [
    [256, 8],
    [100, 7],
  ]) {
    const { roots, feature, left, right } = fitIsolationForest({
      features,
      parameters: { trees: 20, maxSamples },
    })
    const depthOf = (node: number): number =>
      feature[node] < 0 ? 0 : 1 + Math.max(depthOf(left[node]), depthOf(right[node]))
    expect(new Set(roots.map(depthOf))).toEqual(new Set([limit]))
  }
})

test("the expected path length is that of the paper", () => {
  expect(expectedPathLength(1)).toBe(0)
  expect(expectedPathLength(2)).toBe(1)
  expect(expectedPathLength(256)).toBeCloseTo(10.2448, 4)
})

test("a value is above exactly the thresholds that are counted below it, also at the ends of the floats", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 0, -0, Number.MIN_VALUE),
  )
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 30 }),
      fc.array(value, { minLength: 1 }),
      (thresholds, values) => {
        const index = indexThresholds(thresholds)
        for (const tried of [...values, ...thresholds])
          expect(countBelow(index, tried)).toBe(
            [...index.values].filter(threshold => threshold < tried).length,
          )
      },
    ),
  )
})
