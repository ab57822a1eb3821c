import { RoadmapError } from "@roadmap/core/errors"
import type { FeatureSchema } from "../columns.ts"
import { type Model, signatureOf, taskOf } from "../model.ts"
import type { PipelineModel } from "../pipeline/model.ts"
import { type Transformer, transformerKinds } from "../transformer.ts"
import { addCalibrator } from "./calibration.ts"
import { type ColumnRef, columnsOf, encodeCategories, matrixOf } from "./columns.ts"
import { addBoosting, addIsolationForest, addKMeans, addLinear } from "./estimators.ts"
import {
  cast,
  createGraph,
  declared,
  doubles,
  everyRow,
  type Graph,
  integers,
  irVersion,
  node,
  opsets,
  sigmoid,
} from "./graph.ts"
import { addInputs, type InputForm } from "./inputs.ts"
import { metadataOf, type OnnxNotes } from "./notes.ts"
import { addTransformer } from "./preprocessing.ts"
import { elementTypes, encodeOnnx } from "./proto.ts"

export type OnnxOptions = Partial<InputForm>

/**
 * A model, pipeline or fitted step as an ONNX file (ai.onnx 18, ai.onnx.ml 5). `options` say what goes in:
 * by default one matrix of doubles (see `InputForm`). Outputs, one value a row:
 * - regression, anomaly: [N] numbers named as the signature's output ("prediction");
 * - classification: that name, [N] whole numbers (the label), and "probability", [N] numbers;
 * - clustering: that name, [N] whole numbers;
 * - a fitted step: "transformed", [N, k] numbers, its columns side by side.
 * Numbers are those of `predict` up to rounding; rows that `predict` refuses get NaN, or label -1. Throws
 * INVALID_INPUT when a name is taken twice or a category cannot be told from a missing one.
 */
export const toOnnx = (model: Model | Transformer, options: OnnxOptions = {}): Uint8Array => {
  const form: InputForm = { inputs: options.inputs ?? "matrix", numbers: options.numbers ?? "double" }
  const graph = createGraph()
  const notes = isTransformer(model) ? addStep(graph, model, form) : addModel(graph, model, form)
  checkNames(graph)
  const used = new Set(graph.nodes.map(({ domain }) => domain))
  return encodeOnnx({
    irVersion,
    producer: "ai-engineer-roadmap",
    opsets: used.has("ai.onnx.ml") ? opsets : { "": opsets[""] },
    metadata: metadataOf(notes),
    graph: { name: model.kind, ...graph },
  })
}

const addModel = (graph: Graph, model: Model, form: InputForm): OnnxNotes => {
  const task = taskOf(model)
  const output = signatureOf(model).output.name
  const isWhole = task === "classification" || task === "clustering"
  graph.outputs.push(declared(output, isWhole ? "int64" : form.numbers, ["N"]))
  if (task === "classification") graph.outputs.push(declared("probability", form.numbers, ["N"]))
  const response = respond(graph, model, addInputs(graph, model.features, form))
  const refusal = sumOf(graph, graph.refusals)
  const number = task === "clustering" ? response : sumOf(graph, [response, ...(refusal ? [refusal] : [])])
  if (!isWhole) emit(graph, number!, output, form.numbers)
  else {
    const label =
      task === "clustering"
        ? response
        : cast(graph, node(graph, "Greater", [response, doubles(graph, [0.5])]), elementTypes.int64)
    const isRefused = refusal && node(graph, "IsNaN", [refusal])
    emit(graph, isRefused ? node(graph, "Where", [isRefused, integers(graph, [-1]), label]) : label, output)
  }
  const notes = { ...form, kind: model.kind, task, features: model.features, output }
  if (task !== "classification") return notes
  emit(graph, number!, "probability", form.numbers)
  return { ...notes, probability: "probability" }
}

const addStep = (graph: Graph, step: Transformer, form: InputForm): OnnxNotes => {
  const output = "transformed"
  const inputs = addInputs(graph, step.features, form)
  const columns = addTransformer(graph, step, inputs).flatMap(column =>
    column.kind === "numeric" ? [column] : [],
  )
  graph.outputs.push(declared(output, form.numbers, ["N", columns.length]))
  const matrix = matrixOf(graph, columns)
  const refusal = sumOf(graph, graph.refusals)
  const result = refusal ? node(graph, "Add", [matrix, refusal]) : matrix
  node(graph, "Cast", [result], { to: { kind: "int", value: elementTypes[form.numbers] } }, output)
  const names = columns.map(({ name }) => name)
  return { ...form, kind: step.kind, task: "transform", features: step.features, output, columns: names }
}

/** The probability for classifiers, the prediction for all others, [N, 1]: the graph of `predict`. */
const respond = (graph: Graph, model: Model, columns: readonly ColumnRef[]): string => {
  switch (model.kind) {
    case "constant":
      return everyRow(graph, model.value)
    case "ridge":
      return addLinear(graph, model, columns)
    case "logistic":
      return sigmoid(graph, addLinear(graph, model, columns))
    case "boosting":
      return addBoosting(graph, model, columns)
    case "k-means":
      return addKMeans(graph, model, columns)
    case "isolation-forest":
      return addIsolationForest(graph, model, columns)
    case "calibrated":
      return addCalibrator(graph, model.calibrator, respond(graph, model.base, columns))
    case "pipeline":
      return respond(graph, model.estimator, addSteps(graph, model, columns))
  }
}

/** The graph of `preprocess`. */
const addSteps = (graph: Graph, model: PipelineModel, columns: readonly ColumnRef[]): ColumnRef[] => {
  const { unknownCategories, missingColumns } = model.policy
  const inputs = model.features.flatMap(schema => {
    const column = columns.find(({ name }) => name === schema.name)
    if (column !== undefined) return [column]
    return missingColumns === "fill" ? [missingColumn(graph, schema)] : []
  })
  if (unknownCategories === "refuse")
    for (const column of inputs)
      if (column.kind === "categorical") {
        const values = column.categories.map(() => 0)
        graph.refusals.push(encodeCategories(graph, column, { values, unknown: Number.NaN, missing: 0 }))
      }
  return model.steps.reduce<ColumnRef[]>((refs, step) => addTransformer(graph, step, refs), inputs)
}

const missingColumn = (graph: Graph, { name, kind, categories }: FeatureSchema): ColumnRef => {
  if (kind === "numeric") return columnsOf(graph, everyRow(graph, Number.NaN), [name])[0]
  const codes = cast(graph, everyRow(graph, categories.length + 1), elementTypes.int64)
  return { name, kind, codes, categories }
}

const sumOf = (graph: Graph, terms: readonly string[]): string | undefined =>
  terms.length === 0 ? undefined : terms.reduce((sum, term) => node(graph, "Add", [sum, term]))

/** A column [N, 1] becomes the output [N] of that name. */
const emit = (
  graph: Graph,
  value: string,
  name: string,
  type: "float" | "double" | "int64" = "int64",
): void => {
  const flat = node(graph, "Squeeze", [value, integers(graph, [1])])
  node(graph, "Cast", [flat], { to: { kind: "int", value: elementTypes[type] } }, name)
}

const checkNames = (graph: Graph): void => {
  const names = [...graph.inputs, ...graph.outputs].map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new RoadmapError(
      "INVALID_INPUT",
      `"${twice}" names two of the ONNX model's inputs and outputs: ${names.join(", ")}.`,
      { hint: "Give the pipeline's output or the feature another name." },
    )
  if (names.includes(""))
    throw new RoadmapError("INVALID_INPUT", "An input or output of the ONNX model has no name.")
}

const isTransformer = (model: Model | Transformer): model is Transformer =>
  (transformerKinds as readonly string[]).includes(model.kind)
