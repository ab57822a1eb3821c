import { expect, test } from "vitest"
import { fitBoosting } from "../src/boosting/fit.ts"
import { fitKMeans } from "../src/clustering/k-means.ts"
import { fitPca } from "../src/decomposition/pca.ts"
import type { Features } from "../src/features.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { predict, predictProba, taskOf } from "../src/model.ts"
import { toOnnx } from "../src/onnx/export.ts"
import { notesOf } from "../src/onnx/notes.ts"
import { readOnnx } from "../src/onnx/read.ts"
import { fitPipeline } from "../src/pipeline/fit.ts"
import { fitImputer } from "../src/preprocessing/imputer.ts"
import { fitOneHot } from "../src/preprocessing/one-hot.ts"
import { fitStandardScaler } from "../src/preprocessing/standard-scaler.ts"
import { fitTargetEncoder } from "../src/preprocessing/target-encoder.ts"
import { type Transformer, transform } from "../src/transformer.ts"
import { largestDifference } from "./goldens.ts"
import { asFloats, forms, score, withUnseen } from "./onnx-score.ts"
import { completeFeatures, everyModel, smallProblem } from "./samples.ts"

test("an exported model of every kind predicts what predict does, gaps and unseen categories included", async () => {
  const tried = new Set<string>()
  for (const { model, features } of await everyModel()) {
    tried.add(model.kind)
    for (const form of forms) {
      const rows = form.numbers === "float" ? asFloats(withUnseen(features)) : withUnseen(features)
      const outputs = score(model, rows, form)
      const [name] = readOnnx(toOnnx(model)).graph.outputs.map(output => output.name)
      const allowed = form.numbers === "float" ? 1e-6 : 1e-11
      expect(largestDifference(outputs[name], predict(model, rows)), model.kind).toBeLessThan(allowed)
      if (taskOf(model) === "classification")
        expect(largestDifference(outputs.probability, predictProba(model, rows))).toBeLessThan(allowed)
    }
  }
  expect(tried).toEqual(
    new Set([
      "constant",
      "ridge",
      "logistic",
      "boosting",
      "k-means",
      "isolation-forest",
      "calibrated",
      "pipeline",
    ]),
  )
})

test("an exported step gives the columns that transform does", () => {
  const { features, delay } = smallProblem()
  const complete = completeFeatures(features)
  const steps: [Transformer, Features][] = [
    [fitImputer({ features, parameters: { missingIndicator: true } }), features],
    [fitStandardScaler({ features }), features],
    [fitOneHot({ features }), features],
    [fitTargetEncoder({ features, target: delay }), features],
    [fitPca({ features: complete, parameters: { whiten: true } }), complete],
  ]
  for (const [step, rows] of steps) {
    const columns = step.features.flatMap(({ name }) => rows.columns.filter(column => column.name === name))
    const expected = transform(step, { rows: rows.rows, columns }).columns
    for (const form of forms.filter(({ numbers }) => numbers === "double")) {
      const { transformed } = score(step, { rows: rows.rows, columns }, form)
      expected.forEach((column, at) => {
        const actual = transformed.filter((_, i) => i % expected.length === at)
        const values = column.kind === "numeric" ? column.values : column.codes
        actual.forEach((value, row) => {
          if (Number.isNaN(values[row])) expect(value).toBeNaN()
          else expect(Math.abs(value - values[row])).toBeLessThan(1e-9)
        })
      })
      expect(notesOf(toOnnx(step, form))!.columns).toEqual(expected.map(({ name }) => name))
    }
  }
})

test("an exported pipeline may have a step that knows fewer categories than its input does", async () => {
  const { features, delay } = smallProblem()
  const [first, second, origin] = features.columns
  const wider = { ...origin, categories: ["LAX", "ATL", "ORD", "SFO"] }
  if (origin.kind !== "categorical" || wider.kind !== "categorical") throw new Error("origin is categorical")
  const codes = Int32Array.from(origin.codes, code => (code < 0 ? -1 : code + 1))
  const rows = { rows: features.rows, columns: [first, second, { ...wider, codes }] }
  const model = await fitPipeline({
    features: rows,
    target: delay,
    steps: [{ step: "one-hot" }],
    estimator: input => fitRidge({ ...input, target: delay }),
  })
  const unused = {
    ...rows,
    columns: [first, second, { ...wider, codes: codes.map((c, row) => (row % 2 ? c : 0)) }],
  }
  for (const inputs of ["matrix", "columns"] as const)
    expect(
      largestDifference(score(model, unused, { inputs }).prediction, predict(model, unused)),
    ).toBeLessThan(1e-11)
})

test("an exported model answers NaN, or label -1, for rows that predict refuses", async () => {
  const { features, delay, late } = smallProblem(50)
  const infinite = { ...features, columns: features.columns.slice(0, 1) }
  const values = Float64Array.from({ length: 50 }, (_, row) => (row === 7 ? Number.POSITIVE_INFINITY : row))
  const odd = { rows: 50, columns: [{ name: "distance", kind: "numeric" as const, values }] }
  const ridge = fitRidge({ features: infinite, target: delay })
  expect(() => predict(ridge, odd)).toThrow(/Infinity at row 7/)
  expect(
    [...score(ridge, odd).prediction.keys()].filter(row => Number.isNaN(score(ridge, odd).prediction[row])),
  ).toEqual([7])
  const gaps = {
    rows: 50,
    columns: [{ ...odd.columns[0], values: values.map(v => (v === Infinity ? Number.NaN : v)) }],
  }
  const clusters = fitKMeans({
    features: { ...gaps, columns: [{ ...gaps.columns[0], values: values.map((_, i) => i) }] },
    parameters: { clusters: 2 },
  })
  expect([...score(clusters, gaps).prediction].indexOf(-1)).toBe(7)
  const strict = await fitPipeline({
    features,
    target: late,
    steps: [{ step: "target-encoder" }],
    policy: { unknownCategories: "refuse" },
    estimator: input =>
      fitBoosting({
        features: input.features,
        target: late,
        parameters: { trees: 2, loss: "logistic" },
        threads: 1,
      }),
  })
  const { prediction, probability } = score(strict, withUnseen(features))
  expect([...prediction.keys()].filter(row => prediction[row] === -1)).toEqual(rowsOf(50, 5))
  expect([...probability.keys()].filter(row => Number.isNaN(probability[row]))).toEqual(rowsOf(50, 5))
})

const rowsOf = (count: number, step: number): number[] =>
  Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step)
