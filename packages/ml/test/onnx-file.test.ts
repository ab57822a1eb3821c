import { describe, expect, test } from "vitest"
import { fitConstant } from "../src/baseline/constant.ts"
import { fitBoosting } from "../src/boosting/fit.ts"
import { createFeatures } from "../src/features.ts"
import { fitRidge } from "../src/linear/ridge.ts"
import { predict } from "../src/model.ts"
import { type OnnxOptions, toOnnx } from "../src/onnx/export.ts"
import { notesOf, onnxSignature } from "../src/onnx/notes.ts"
import { encodeOnnx } from "../src/onnx/proto.ts"
import { readOnnx } from "../src/onnx/read.ts"
import { fitPipeline } from "../src/pipeline/fit.ts"
import { fitStandardScaler } from "../src/preprocessing/standard-scaler.ts"
import { forms, score } from "./onnx-score.ts"
import { completeFeatures, everyModel, smallProblem } from "./samples.ts"

describe("an exported file", () => {
  test("is, read back and written again, the same bytes", async () => {
    for (const { model } of await everyModel())
      for (const form of forms) {
        const bytes = toOnnx(model, form)
        expect(encodeOnnx(readOnnx(bytes))).toEqual(bytes)
      }
  })

  test("declares its operator sets, inputs, outputs and categories", async () => {
    const { features, late } = smallProblem()
    const model = await fitBoosting({
      features,
      target: late,
      parameters: { trees: 2, loss: "logistic" },
      threads: 1,
    })
    const matrix = readOnnx(toOnnx(model))
    expect(matrix.opsets).toEqual({ "": 18, "ai.onnx.ml": 5 })
    expect(matrix.graph.inputs).toEqual([{ name: "features", type: "double", shape: ["N", 3] }])
    expect(matrix.graph.outputs).toEqual([
      { name: "prediction", type: "int64", shape: ["N"] },
      { name: "probability", type: "double", shape: ["N"] },
    ])
    const columns = readOnnx(toOnnx(model, { inputs: "columns", numbers: "float" }))
    expect(columns.graph.inputs).toEqual([
      { name: "distance", type: "float", shape: ["N"] },
      { name: "hour", type: "float", shape: ["N"] },
      { name: "origin", type: "string", shape: ["N"] },
    ])
    expect(notesOf(toOnnx(model))).toMatchObject({
      kind: "boosting",
      task: "classification",
      features: model.features,
    })
    const one = fitConstant({
      task: "regression",
      features: { rows: 300, columns: features.columns.slice(2) },
      target: late,
    })
    const single = readOnnx(toOnnx(one, { inputs: "columns" }))
    expect(single.graph.inputs).toEqual([{ name: "origin", type: "string", shape: ["N", 1] }])
    const ridge = fitRidge({ features: completeFeatures(features), target: late })
    expect(readOnnx(toOnnx(ridge)).opsets).toEqual({ "": 18 })
  })

  test("names the columns of its MLflow signature", () => {
    const { features, delay } = smallProblem()
    const model = fitRidge({ features, target: delay })
    const type = (form: OnnxOptions) => onnxSignature(toOnnx(model, form)).inputs.map(column => column.type)
    expect(type({})).toEqual(["double", "double", "double"])
    expect(type({ inputs: "columns", numbers: "float" })).toEqual(["float", "float", "string"])
    expect(onnxSignature(toOnnx(model)).outputs).toEqual([
      { name: "prediction", type: "double", required: true },
    ])
    expect(() => onnxSignature(toOnnx(fitStandardScaler({ features })))).toThrow(/one value a row/)
  })

  test("is refused when names or categories cannot be told apart", async () => {
    const { features, delay } = smallProblem()
    const named = (output: string) =>
      fitPipeline({ features, steps: [], output, estimator: input => fitRidge({ ...input, target: delay }) })
    const clash = await named("distance")
    expect(() => toOnnx(clash, { inputs: "columns" })).toThrow(/"distance" names two/)
    expect(toOnnx(clash).length).toBeGreaterThan(0)
    const nameless = await named("")
    expect(() => toOnnx(nameless)).toThrow(/has no name/)
    const empty = createFeatures([
      { name: "c", kind: "categorical", codes: Int32Array.of(0, 1), categories: ["", "a"] },
    ])
    const model = fitRidge({ features: empty, target: Float64Array.of(1, 2) })
    expect(() => toOnnx(model, { inputs: "columns" })).toThrow(/empty text/)
    expect(score(model, empty).prediction).toEqual(predict(model, empty))
  })
})
