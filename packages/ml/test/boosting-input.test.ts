import { describe, expect, test } from "vitest"
import { fitBoosting } from "../src/boosting/fit.ts"
import { predictBoosting } from "../src/boosting/predict.ts"
import { createFeatures } from "../src/features.ts"
import { mixedRows, numericFeatures } from "./boosting-data.ts"

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const x = range(100)
const features = numericFeatures({ x })
const refusal = (promise: Promise<unknown>, code: string, words: RegExp) =>
  expect(promise).rejects.toMatchObject({ code, message: expect.stringMatching(words) })

describe("refusals", () => {
  test("targets the loss cannot learn from", async () => {
    await refusal(
      fitBoosting({ features, target: x.map(i => (i === 7 ? Number.NaN : i)) }),
      "INVALID_INPUT",
      /row 7 is NaN/,
    )
    await refusal(
      fitBoosting({ features, target: x.map(() => Infinity) }),
      "INVALID_INPUT",
      /row 0 is Infinity/,
    )
    const logistic = { loss: "logistic" } as const
    await refusal(
      fitBoosting({ features, target: x.map(() => 1), parameters: logistic }),
      "INVALID_INPUT",
      /one class/,
    )
    await refusal(fitBoosting({ features, target: x, parameters: logistic }), "INVALID_INPUT", /0 or 1/)
    const poisson = { loss: "poisson" } as const
    await refusal(
      fitBoosting({ features, target: x.map(i => i - 5), parameters: poisson }),
      "INVALID_INPUT",
      /-5/,
    )
    await refusal(
      fitBoosting({ features, target: x.map(() => 0), parameters: poisson }),
      "INVALID_INPUT",
      /every row/,
    )
  })

  test("lengths and weights that do not fit", async () => {
    await refusal(fitBoosting({ features, target: x.slice(1) }), "INVALID_INPUT", /99 values.*100 rows/)
    await refusal(fitBoosting({ features, target: x, weights: [1] }), "INVALID_INPUT", /1 weights for 100/)
    await refusal(
      fitBoosting({ features, target: x, weights: x.map(i => i - 1) }),
      "INVALID_INPUT",
      /row 0 is -1/,
    )
    await refusal(fitBoosting({ features, target: x, weights: x.map(() => 0) }), "INVALID_INPUT", /zero/)
    const torn = {
      rows: 100,
      columns: [{ name: "x", kind: "numeric" as const, values: new Float64Array(3) }],
    }
    await refusal(fitBoosting({ features: torn, target: x }), "INVALID_INPUT", /"x" has 3 rows/)
  })

  test("no rows and no features", async () => {
    await refusal(
      fitBoosting({ features: numericFeatures({ x: [] }), target: [] }),
      "INVALID_INPUT",
      /no rows/,
    )
    await refusal(fitBoosting({ features: createFeatures([]), target: [] }), "INVALID_INPUT", /no rows/)
    await refusal(
      fitBoosting({ features: { rows: 2, columns: [] }, target: [1, 2] }),
      "INVALID_INPUT",
      /no features/,
    )
    await refusal(fitBoosting({ batches: () => [] }), "INVALID_INPUT", /no rows/)
  })

  test("parameters: unknown names with the nearest known one, values out of range", async () => {
    const fit = (parameters: object) => fitBoosting({ features, target: x, parameters })
    await expect(fit({ learning_rate: 0.1 })).rejects.toMatchObject({ hint: 'Did you mean "learningRate"?' })
    await refusal(fit({ leaves: 1 }), "INVALID_INPUT", /leaves is 1.*from 2/)
    await refusal(fit({ bins: 256 }), "INVALID_INPUT", /bins is 256/)
    await refusal(fit({ trees: 2.5 }), "INVALID_INPUT", /whole number/)
    await refusal(fit({ rowFraction: 0 }), "INVALID_INPUT", /above 0/)
    await refusal(fit({ quantile: 1 }), "INVALID_INPUT", /quantile/)
    await refusal(fit({ learningRate: Number.NaN }), "INVALID_INPUT", /NaN/)
    await refusal(fit({ loss: "hinge" }), "INVALID_INPUT", /hinge/)
    await refusal(fit({ monotone: { y: 1 } }), "INVALID_INPUT", /"y"/)
    await refusal(fit({ monotone: { x: 2 } }), "INVALID_INPUT", /monotone.x is 2/)
    await refusal(fit({ earlyStopping: 5 }), "INVALID_INPUT", /validation/)
    await refusal(fitBoosting({ features, target: x, threads: 0 }), "INVALID_INPUT", /threads is 0/)
  })

  test("validation rows, an initial model or rows to predict with other features", async () => {
    const other = numericFeatures({ y: x })
    const model = await fitBoosting({ features, target: x, parameters: { trees: 2 } })
    await refusal(
      fitBoosting({ features, target: x, validation: { features: other, target: x } }),
      "INVALID_INPUT",
      /"y".*"x"/,
    )
    await refusal(
      fitBoosting({ features: other, target: x, initialModel: model }),
      "INVALID_INPUT",
      /"y".*"x"/,
    )
    const absolute = { loss: "absolute" } as const
    await refusal(
      fitBoosting({ features, target: x, initialModel: model, parameters: absolute }),
      "INVALID_INPUT",
      /loss/,
    )
    expect(() => predictBoosting(model, other)).toThrow(/"y".*"x"/)
    const { features: mixed, target } = mixedRows(50)
    const monotone = { carrier: 1 } as const
    await refusal(
      fitBoosting({ features: mixed, target, parameters: { monotone } }),
      "INVALID_INPUT",
      /categorical/,
    )
  })
})

describe("rows that are hard but allowed", () => {
  test("one row, constant columns, all missing and constant targets give the baseline", async () => {
    const one = await fitBoosting({ features: numericFeatures({ x: [3] }), target: [42] })
    expect([...predictBoosting(one, numericFeatures({ x: [3, Number.NaN] }))]).toEqual([42, 42])
    const flat = numericFeatures({ a: x.map(() => 1), b: x.map(() => Number.NaN) })
    const dull = await fitBoosting({ features: flat, target: x })
    expect(dull.roots.length).toBe(0)
    expect(predictBoosting(dull, flat)[0]).toBeCloseTo(49.5, 4)
    const same = await fitBoosting({ features, target: x.map(() => -3) })
    expect(same.roots.length).toBe(0)
    expect(predictBoosting(same, features)[9]).toBe(-3)
  })

  test("infinite values are the least and the largest", async () => {
    const wild = numericFeatures({ x: x.map(i => (i < 30 ? -Infinity : i < 60 ? i : Infinity)) })
    const target = x.map(i => (i < 30 ? 1 : i < 60 ? 2 : 3))
    const parameters = { learningRate: 1, trees: 3, minRowsPerLeaf: 1 }
    const model = await fitBoosting({ features: wild, target, parameters })
    const predicted = predictBoosting(model, numericFeatures({ x: [-Infinity, -1e300, 45, 1e300, Infinity] }))
    expect(predicted[0]).toBeCloseTo(1, 3)
    expect(predicted[2]).toBeCloseTo(2, 3)
    expect(predicted[4]).toBeCloseTo(3, 3)
    expect([...predicted].every(Number.isFinite)).toBe(true)
  })

  test("more bins than rows, and values that only differ in the last bit", async () => {
    const parameters = { minRowsPerLeaf: 1, leaves: 3, trees: 1, learningRate: 1 }
    const few = await fitBoosting({
      features: numericFeatures({ x: [1, 2, 3] }),
      target: [5, 6, 9],
      parameters,
    })
    expect(
      [...predictBoosting(few, numericFeatures({ x: [1, 2, 3] }))].map(v => Math.round(v * 100) / 100),
    ).toEqual([5, 6, 9])
    const close = numericFeatures({ x: [1, 1 + Number.EPSILON] })
    const model = await fitBoosting({
      features: close,
      target: [0, 1],
      parameters: { ...parameters, leaves: 2 },
    })
    expect([...predictBoosting(model, close)].map(Math.round)).toEqual([0, 1])
  })

  test("huge and tiny targets keep their relative precision", async () => {
    for (const unit of [1e-100, 1e-9, 1e9, 1e100]) {
      const target = x.map(i => (i < 50 ? 1 : 2) * unit)
      const parameters = { trees: 1, leaves: 2, learningRate: 1 }
      const model = await fitBoosting({ features, target, parameters })
      expect(predictBoosting(model, features)[0] / unit).toBeCloseTo(1, 4)
      expect(predictBoosting(model, features)[99] / unit).toBeCloseTo(2, 4)
    }
  })
})

describe("a cancelled fit", () => {
  test("stops before it begins, and in mid work with and without threads", async () => {
    await refusal(fitBoosting({ features, target: x, signal: AbortSignal.abort() }), "INTERRUPTED", /./)
    const { features: many, target } = mixedRows(30_000)
    for (const threads of [1, 2]) {
      const controller = new AbortController()
      let trees = 0
      const fit = fitBoosting({
        features: many,
        target,
        threads,
        parameters: { trees: 100_000 },
        signal: controller.signal,
        onProgress: ({ tree }) => {
          trees = tree
          if (tree === 3) controller.abort()
        },
      })
      await refusal(fit, "INTERRUPTED", /./)
      const stopped = trees
      await new Promise(resolve => setTimeout(resolve, 50))
      expect(trees).toBe(stopped)
    }
  })

  test("an error thrown by onProgress ends the fit with that error", async () => {
    const { features: many, target } = mixedRows(2000)
    for (const threads of [1, 2]) {
      const onProgress = () => {
        throw new Error("the page is gone")
      }
      await expect(fitBoosting({ features: many, target, threads, onProgress })).rejects.toThrow(
        "the page is gone",
      )
    }
  })
})
