import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { fitBoosting } from "../src/boosting/fit.ts"
import { gainImportance } from "../src/boosting/importance.ts"
import type { BoostingParameters } from "../src/boosting/parameters.ts"
import { predictBoosting, predictScores, rowPredictor } from "../src/boosting/predict.ts"
import { leavesOf, mixedRows, numericFeatures, onGrid, rootMeanSquare, takeRows } from "./boosting-data.ts"

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe("a fitted ensemble", () => {
  test("explains most of the variance of rows it has not seen", async () => {
    const { features, target } = mixedRows(6000)
    const rows = range(6000)
    const model = await fitBoosting({
      features: takeRows(features, rows.slice(0, 4000)),
      target: target.slice(0, 4000),
    })
    const unseen = target.slice(4000)
    const error = rootMeanSquare(predictBoosting(model, takeRows(features, rows.slice(4000))), unseen)
    const mean = unseen.reduce((sum, value) => sum + value, 0) / unseen.length
    expect(error).toBeLessThan(0.25 * rootMeanSquare(new Float64Array(2000).fill(mean), unseen))
  })

  test("respects the limits on leaves, depth and rows a leaf, also with hessians and sampling", async () => {
    const { features, labels } = mixedRows(2000)
    const parameters = { loss: "logistic", leaves: 9, maxDepth: 4, minRowsPerLeaf: 37, trees: 20 } as const
    const model = await fitBoosting({ features, target: labels, parameters })
    for (const tree of range(model.roots.length)) {
      const leaves = leavesOf(model, tree)
      expect(leaves.length).toBeLessThanOrEqual(9)
      expect(Math.min(...leaves.map(leaf => model.cover[leaf]))).toBeGreaterThanOrEqual(37)
      expect(leaves.reduce((sum, leaf) => sum + model.cover[leaf], 0)).toBe(2000)
    }
  })

  test("a tree of two leaves on a step function finds the step and the two means", async () => {
    const x = range(100).map(i => i / 100)
    const target = x.map(value => (value < 0.4 ? 1 : 5))
    const parameters = { trees: 1, leaves: 2, learningRate: 1, minRowsPerLeaf: 1 }
    const model = await fitBoosting({ features: numericFeatures({ x }), target, parameters })
    expect(model.threshold[0]).toBeGreaterThanOrEqual(0.39)
    expect(model.threshold[0]).toBeLessThan(0.4)
    const predicted = predictBoosting(model, numericFeatures({ x: [0.1, 0.9] }))
    expect(predicted[0]).toBeCloseTo(1, 4)
    expect(predicted[1]).toBeCloseTo(5, 4)
  })

  test("missing values go the way that lowers the loss", async () => {
    const x = range(300).map(i => (i % 3 === 0 ? Number.NaN : i % 3))
    const target = x.map(value => (Number.isNaN(value) || value === 2 ? 10 : 0))
    const parameters = { trees: 1, leaves: 2, learningRate: 1 }
    const model = await fitBoosting({ features: numericFeatures({ x }), target, parameters })
    const predicted = predictBoosting(model, numericFeatures({ x: [Number.NaN, 1, 2] }))
    expect([...predicted].map(Math.round)).toEqual([10, 0, 10])
  })

  test("a category set separates interleaved categories in one split; unknown ones go with neither by accident", async () => {
    const codes = Int16Array.from(range(1200), i => i % 12)
    const categories = range(12).map(i => `c${i}`)
    const target = Float64Array.from(codes, code => (code % 2 === 0 ? 7 : -7))
    const features = { rows: 1200, columns: [{ name: "c", kind: "categorical" as const, codes, categories }] }
    const parameters = { trees: 1, leaves: 2, learningRate: 1, categoryL2: 0 }
    const model = await fitBoosting({ features, target, parameters })
    expect(rootMeanSquare(predictBoosting(model, features), target)).toBeLessThan(1e-3)
    const unknown = {
      ...features,
      rows: 2,
      columns: [{ ...features.columns[0], codes: Int16Array.from([-1, 99]) }],
    }
    const [missing, strange] = predictBoosting(model, unknown)
    expect(missing).toBe(strange)
  })

  test("more than 254 categories share the last bin and still predict", async () => {
    const codes = Int32Array.from(range(6000), i => i % 400)
    const target = Float64Array.from(codes, code => (code < 100 ? 5 : 0))
    const categories = range(400).map(i => `airport ${i}`)
    const features = {
      rows: 6000,
      columns: [{ name: "origin", kind: "categorical" as const, codes, categories }],
    }
    const parameters = {
      categorySmoothing: 1,
      minRowsPerCategoryGroup: 1,
      minRowsPerLeaf: 5,
      maxCategoriesPerSplit: 255,
    }
    const model = await fitBoosting({ features, target, parameters })
    expect(rootMeanSquare(predictBoosting(model, features), target)).toBeLessThan(0.2)
    expect([...predictScores(model, features, { engine: "wasm" })]).toEqual([
      ...predictScores(model, features, { engine: "typescript" }),
    ])
  })

  test("monotone constraints hold for every pair of neighbouring values", async () => {
    const { features, target } = mixedRows(3000)
    for (const loss of ["squared", "absolute"] as const) {
      const parameters = { loss, monotone: { x0: 1, x1: -1 }, trees: 30 } as const
      const model = await fitBoosting({ features, target, parameters })
      const predict = rowPredictor(model)
      for (const base of [-1.5, 0, 0.7]) {
        const along = (feature: number) =>
          range(81).map(i => {
            const row = Float64Array.from([base, base, base, base, 3])
            row[feature] = -2 + i / 20
            return predict(row)
          })
        const rising = along(0)
        const falling = along(1)
        for (const i of range(80)) {
          expect(rising[i + 1]).toBeGreaterThanOrEqual(rising[i])
          expect(falling[i + 1]).toBeLessThanOrEqual(falling[i])
        }
      }
    }
  })

  test("L1 and L2 shrink leaf values towards zero", async () => {
    const { features, target } = mixedRows(500)
    const size = async (parameters: Partial<BoostingParameters>) => {
      const model = await fitBoosting({
        features,
        target,
        parameters: { trees: 1, leaves: 4, ...parameters },
      })
      return leavesOf(model, 0).reduce((sum, leaf) => sum + Math.abs(model.value[leaf]), 0)
    }
    const plain = await size({})
    expect(await size({ l2: 100 })).toBeLessThan(plain)
    expect(await size({ l1: 50 })).toBeLessThan(plain)
    await expect(size({ l1: 1e9 })).resolves.toBe(0)
  })

  test("gain importance ranks the strongest feature first and shares add to one", async () => {
    const { features, target } = mixedRows(2000)
    const importance = gainImportance(await fitBoosting({ features, target }))
    expect(importance[0].feature).toBe("x0")
    expect(importance.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
    expect(importance.find(({ feature }) => feature === "x3")!.share).toBeLessThan(0.05)
  })
})

describe("losses", () => {
  const constant = numericFeatures({ x: range(999).map(() => 1) })
  const skewed = Float64Array.from(range(999), i => (i / 100) ** 2)
  const predictConstant = async (parameters: Partial<BoostingParameters>, target = skewed) =>
    predictBoosting(await fitBoosting({ features: constant, target, parameters }), constant)[0]

  test("without informative features each loss predicts its own constant", async () => {
    const mean = skewed.reduce((sum, value) => sum + value, 0) / 999
    expect(await predictConstant({ loss: "squared" })).toBeCloseTo(mean, 4)
    expect(await predictConstant({ loss: "absolute" })).toBeCloseTo(skewed[499], 6)
    expect(await predictConstant({ loss: "quantile", quantile: 0.9 })).toBeCloseTo(skewed[899], 6)
    expect(await predictConstant({ loss: "huber" })).toBeCloseTo(skewed[499], 6)
    expect(await predictConstant({ loss: "poisson" })).toBeCloseTo(mean, 4)
    expect(
      await predictConstant(
        { loss: "logistic" },
        skewed.map(value => (value > 50 ? 1 : 0)),
      ),
    ).toBeCloseTo(skewed.filter(value => value > 50).length / 999, 6)
  })

  test("quantile loss leaves its share of the rows below the prediction", async () => {
    const { features, target } = mixedRows(4000)
    const parameters = { loss: "quantile", quantile: 0.8, trees: 60 } as const
    const predicted = predictBoosting(await fitBoosting({ features, target, parameters }), features)
    const below = target.filter((value, i) => value <= predicted[i]).length / 4000
    expect(below).toBeGreaterThan(0.77)
    expect(below).toBeLessThan(0.83)
  })

  test("absolute and Huber loss ignore outliers that pull squared loss away", async () => {
    const { features, target } = mixedRows(3000)
    const spoiled = target.map((value, i) => (i % 50 === 0 ? value + 1000 : value))
    const errorOf = async (loss: BoostingParameters["loss"]) =>
      rootMeanSquare(
        predictBoosting(await fitBoosting({ features, target: spoiled, parameters: { loss } }), features),
        target,
      )
    const squared = await errorOf("squared")
    expect(await errorOf("absolute")).toBeLessThan(0.2 * squared)
    expect(await errorOf("huber")).toBeLessThan(0.2 * squared)
  })

  test("Poisson predictions are positive and their total is that of the counts", async () => {
    const { features, target } = mixedRows(3000)
    const counts = target.map(value => Math.floor(Math.exp(value / 4)))
    const predicted = predictBoosting(
      await fitBoosting({ features, target: counts, parameters: { loss: "poisson" } }),
      features,
    )
    expect(Math.min(...predicted)).toBeGreaterThan(0)
    const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0)
    expect(total(predicted) / total(counts)).toBeCloseTo(1, 1)
    expect(rootMeanSquare(predicted, counts)).toBeLessThan(
      rootMeanSquare(new Float64Array(3000).fill(total(counts) / 3000), counts) / 2,
    )
  })
})

describe("training", () => {
  test("the order of the rows does not change the model: sums are integers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 400 }), fc.integer(), async (rows, seed) => {
        const { features, target } = mixedRows(rows, seed)
        // Targets on a coarse binary grid make mean and scale the same in any order.
        const grid = target.map(value => Math.round(value * 16) / 16)
        const order = range(rows).reverse()
        const parameters = { trees: 5, minRowsPerLeaf: 3 }
        const one = await fitBoosting({ features, target: grid, parameters })
        const two = await fitBoosting({
          features: takeRows(features, order),
          target: Float64Array.from(order, row => grid[row]),
          parameters,
        })
        expect(two).toEqual(one)
      }),
      { numRuns: 25 },
    )
  })

  test("whole weights are as good as repeated rows", async () => {
    const { features: raw, target, weights } = mixedRows(400)
    const features = onGrid(raw)
    const repeated = range(400).flatMap(row => Array.from({ length: weights[row] }, () => row))
    for (const loss of ["squared", "absolute", "logistic", "poisson"] as const) {
      const goal =
        loss === "logistic"
          ? target.map(v => (v > 1 ? 1 : 0))
          : loss === "poisson"
            ? target.map(v => Math.max(0, Math.round(v)))
            : target
      const parameters = {
        loss,
        trees: 10,
        leaves: 4,
        minRowsPerLeaf: 1,
        minHessianPerLeaf: 0,
        categoryL2: 0,
        categorySmoothing: 0,
        minRowsPerCategoryGroup: 1,
      }
      const weighted = await fitBoosting({ features, target: goal, weights, parameters })
      const doubled = await fitBoosting({
        features: takeRows(features, repeated),
        target: Float64Array.from(repeated, row => goal[row]),
        parameters,
      })
      const [a, b] = [predictBoosting(weighted, features), predictBoosting(doubled, features)]
      expect(rootMeanSquare(a, b), loss).toBeLessThan(
        0.02 * rootMeanSquare(a, new Float64Array(400).fill(a.reduce((s, v) => s + v, 0) / 400)),
      )
    }
  })

  test("rows of weight zero count for nothing in the values", async () => {
    const x = range(200).map(i => i % 2)
    const target = range(200).map(i => (i < 100 ? (i % 2) * 10 : 1e6))
    const weights = range(200).map(i => (i < 100 ? 1 : 0))
    const parameters = { learningRate: 1, trees: 3 }
    const model = await fitBoosting({ features: numericFeatures({ x }), target, weights, parameters })
    const predicted = predictBoosting(model, numericFeatures({ x: [0, 1] }))
    expect(predicted[0]).toBeCloseTo(0, 1)
    expect(predicted[1]).toBeCloseTo(10, 1)
  })

  test("early stopping keeps the trees up to the lowest validation loss", async () => {
    const { features, target } = mixedRows(1500)
    const noisy = target.map((value, i) => value + (((i * 7919) % 101) - 50) / 5)
    const rows = range(1500)
    const losses: number[] = []
    const model = await fitBoosting({
      features: takeRows(features, rows.slice(0, 1000)),
      target: noisy.slice(0, 1000),
      validation: { features: takeRows(features, rows.slice(1000)), target: noisy.slice(1000) },
      parameters: { trees: 500, learningRate: 0.3, earlyStopping: 10 },
      onProgress: ({ validationLoss }) => losses.push(validationLoss!),
    })
    const best = losses.indexOf(Math.min(...losses))
    expect(model.roots.length).toBe(best + 1)
    expect(losses.length).toBe(best + 11)
    const error = rootMeanSquare(
      predictBoosting(model, takeRows(features, rows.slice(1000))),
      noisy.slice(1000),
    )
    expect(error ** 2).toBeCloseTo(losses[best], 3)
  })

  test("a warm start continues exactly where the first fit stopped", async () => {
    const { features, target, labels } = mixedRows(1000)
    for (const loss of ["squared", "logistic"] as const) {
      const goal = loss === "squared" ? target : labels
      const whole = await fitBoosting({ features, target: goal, parameters: { loss, trees: 20 } })
      const first = await fitBoosting({ features, target: goal, parameters: { loss, trees: 12 } })
      const resumed = await fitBoosting({
        features,
        target: goal,
        parameters: { loss, trees: 8 },
        initialModel: first,
      })
      expect(resumed.roots.length).toBe(20)
      expect([...resumed.value.slice(0, first.value.length)]).toEqual([...first.value])
      const [a, b] = [predictBoosting(whole, features), predictBoosting(resumed, features)]
      expect(rootMeanSquare(a, b)).toBeLessThan(0.05 * rootMeanSquare(a, goal) + 0.01)
    }
  })

  test("sampling rows and columns depends on the seed, and every tree still learns", async () => {
    const { features, target } = mixedRows(2000)
    const parameters = { rowFraction: 0.5, columnFraction: 0.6, trees: 80 }
    const fit = (seed: number) => fitBoosting({ features, target, parameters, seed })
    const [one, again, other] = await Promise.all([fit(1), fit(1), fit(2)])
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
    expect(one.cover[0]).toBeGreaterThan(900)
    expect(one.cover[0]).toBeLessThan(1100)
    expect(rootMeanSquare(predictBoosting(one, features), target)).toBeLessThan(1)
  })

  test("batches give the same model as the whole, however they are cut", async () => {
    const { features, target, weights } = mixedRows(3000)
    const cut = (sizes: number[]) => {
      let first = 0
      return sizes.map(size => {
        const rows = range(size).map(i => first + i)
        first += size
        return {
          features: takeRows(features, rows),
          target: Float64Array.from(rows, row => target[row]),
          weights: Float64Array.from(rows, row => weights[row]),
        }
      })
    }
    const parameters = { trees: 10 }
    const whole = await fitBoosting({ features, target, weights, parameters })
    const parts = cut([1, 999, 2000])
    expect(await fitBoosting({ batches: () => parts, parameters })).toEqual(whole)
    const streamed = async function* () {
      yield* cut([1500, 1500])
    }
    expect(await fitBoosting({ batches: streamed, parameters })).toEqual(whole)
  })

  test("trees without a split are predicted too", async () => {
    const { features, target } = mixedRows(60)
    const parameters = { rowFraction: 0.5, minRowsPerLeaf: 15, trees: 30 }
    const model = await fitBoosting({ features, target, parameters })
    const splits = range(30).map(tree => leavesOf(model, tree).length)
    expect(Math.min(...splits)).toBe(1)
    expect(Math.max(...splits)).toBe(2)
    const compiled = predictScores(model, features, { engine: "wasm" })
    expect([...compiled]).toEqual([...predictScores(model, features, { engine: "typescript" })])
  })

  test("the compiled predictor, the interpreter and the row predictor agree to the last bit", async () => {
    const { features, labels } = mixedRows(3001)
    const model = await fitBoosting({ features, target: labels, parameters: { loss: "logistic" } })
    const compiled = predictScores(model, features, { engine: "wasm" })
    expect([...predictScores(model, features, { engine: "typescript" })]).toEqual([...compiled])
    const single = rowPredictor(model)
    const responses = predictBoosting(model, features)
    for (const row of [0, 1, 1500, 3000]) {
      const values = Float64Array.from(
        features.columns,
        column => (column.kind === "numeric" ? column.values : column.codes)[row],
      )
      expect(single(values)).toBe(responses[row])
    }
  })
})
