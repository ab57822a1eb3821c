import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { decodeModel, encodeModel } from "../src/encoding.ts"
import { createFeatures, type Features } from "../src/features.ts"
import { fitLogistic } from "../src/linear/logistic.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { r2 } from "../src/metrics/regression.ts"
import { predict, predictProba, signatureOf } from "../src/model.ts"
import { fitPipeline, type PipelineStep } from "../src/pipeline/fit.ts"
import { smallProblem } from "./samples.ts"

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) })
const { features, delay, late } = smallProblem()

const steps: PipelineStep[] = [
  { step: "imputer", parameters: { missingIndicator: true } },
  { step: "standard-scaler", columns: ["distance", "hour"] },
  { step: "one-hot" },
]
const ridgePipeline = (policy = {}) =>
  fitPipeline({
    features,
    target: delay,
    steps,
    estimator: input => fitRidge({ ...input, target: delay, parameters: { standardize: false } }),
    output: "delay",
    policy,
  })

const withOrigin = (codes: number[], categories: string[]): Features =>
  createFeatures([
    { name: "distance", kind: "numeric", values: new Float64Array(codes.length).fill(500) },
    { name: "hour", kind: "numeric", values: new Int16Array(codes.length).fill(12) },
    { name: "origin", kind: "categorical", codes: Int32Array.from(codes), categories },
  ])

test("imputer, scaler, one-hot and ridge in a pipeline predict what ridge's own encoding predicts", async () => {
  const pipeline = await ridgePipeline()
  // With indicators ridge alone also gives missing origins a column; without them both encode alike.
  const plain = await fitPipeline({
    features,
    target: delay,
    steps: [{ step: "imputer" }, { step: "standard-scaler" }, { step: "one-hot" }],
    estimator: input => fitRidge({ ...input, target: delay, parameters: { standardize: false } }),
  })
  const alone = fitRidge({ features, target: delay })
  const difference = predict(plain, features).map((value, row) =>
    Math.abs(value - predict(alone, features)[row]),
  )
  expect(Math.max(...difference)).toBeLessThan(1e-9)
  expect(r2(delay, predict(pipeline, features))).toBeGreaterThan(0.5)
})

test("a pipeline is one model: signature, bytes, equal predictions after decoding", async () => {
  const pipeline = await ridgePipeline()
  expect(signatureOf(pipeline)).toEqual({
    inputs: [
      { name: "distance", kind: "numeric", categories: [] },
      { name: "hour", kind: "numeric", categories: [] },
      { name: "origin", kind: "categorical", categories: ["ATL", "ORD", "SFO"] },
    ],
    output: { name: "delay", task: "regression" },
  })
  const decoded = decodeModel(encodeModel(pipeline))
  expect(decoded).toEqual(pipeline)
  expect(predict(decoded, features)).toEqual(predict(pipeline, features))
})

test("a pipeline around a classifier has probabilities", async () => {
  const pipeline = await fitPipeline({
    features,
    target: late,
    steps: [{ step: "imputer" }, { step: "target-encoder" }, { step: "standard-scaler" }, { step: "pca" }],
    estimator: input => fitLogistic({ ...input, target: late }),
    random: createRandom(5),
  })
  const probability = predictProba(pipeline, features)
  expect(probability.every(p => p > 0 && p < 1)).toBe(true)
  expect(predict(pipeline, features)).toEqual(probability.map(p => (p > 0.5 ? 1 : 0)))
})

test("an unknown category counts as none of the known ones, or is refused by name", async () => {
  const known = await ridgePipeline()
  const strict = await ridgePipeline({ unknownCategories: "refuse" })
  const unseen = withOrigin([0, 1], ["ATL", "LAX"])
  expect(predict(known, unseen)[1]).toBe(predict(known, withOrigin([-1], []))[0])
  expect(() => predict(strict, unseen)).toThrow(refusal(/"origin" holds "LAX" at row 1/))
  expect(predict(strict, withOrigin([0], ["ATL", "LAX"]))[0]).toBe(predict(known, unseen)[0])
})

test("a missing column is refused by name, or filled with missing values", async () => {
  const strict = await ridgePipeline()
  const lenient = await ridgePipeline({ missingColumns: "fill" })
  const rows = withOrigin([0, 1], ["ATL", "ORD"])
  const lacking = createFeatures(rows.columns.filter(({ name }) => name !== "distance"))
  const missing = createFeatures(
    rows.columns.map(column =>
      column.name === "distance" && column.kind === "numeric"
        ? { ...column, values: new Float64Array(2).fill(Number.NaN) }
        : column,
    ),
  )
  expect(() => predict(strict, lacking)).toThrow(refusal(/"distance"; it is missing/))
  expect(predict(lenient, lacking)).toEqual(predict(lenient, missing))
})

test("a target encoder in a pipeline hands cross-fitted rows to the estimator", async () => {
  // Pure noise with a category per row pair: encoding rows by their own targets would look like signal.
  const rows = 200
  const noise = Float64Array.from({ length: rows }, (_, row) => ((row * 7_919) % 101) / 50 - 1)
  const ids = createFeatures([
    {
      name: "id",
      kind: "categorical",
      codes: Int32Array.from({ length: rows }, (_, row) => row >> 1),
      categories: Array.from({ length: rows / 2 }, (_, id) => String(id)),
    },
  ])
  let seen: Features | undefined
  const pipeline = await fitPipeline({
    features: ids,
    target: noise,
    steps: [{ step: "target-encoder", parameters: { smooth: 0 } }],
    estimator: input => {
      seen = input.features
      return fitRidge({ ...input, target: noise })
    },
  })
  const encoded = seen?.columns[0].kind === "numeric" ? Float64Array.from(seen.columns[0].values) : noise
  expect(r2(noise, encoded)).toBeLessThan(0.1)
  expect(pipeline.steps[0].kind).toBe("target-encoder")
})

test("a target encoder without a target and a fit that is aborted are refused", async () => {
  const estimator = () => fitRidge({ features, target: delay })
  await expect(fitPipeline({ features, steps: [{ step: "target-encoder" }], estimator })).rejects.toThrow(
    refusal(/target encoder needs a target/),
  )
  await expect(fitPipeline({ features, steps, estimator, signal: AbortSignal.abort() })).rejects.toThrow(
    expect.objectContaining({ code: "INTERRUPTED" }),
  )
})
