import { RoadmapError } from "@roadmap/core/errors"
import type { FeatureSchema } from "../columns.ts"
import { type ColumnRef, columnsOf } from "./columns.ts"
import { cast, declared, doubles, type Graph, int, integers, mlNode, node, strings } from "./graph.ts"
import { elementTypes } from "./proto.ts"

/** What the caller of an exported model passes in. */
export interface InputForm {
  /**
   * "matrix": one input "features" [N, k], the features side by side in the model's order. A category is its
   * number among the model's categories (0..K-1); NaN or -1 is missing, every other number is a category
   * not seen. "columns": one input a feature, by its name, [N] ([N, 1] when the model has a single one).
   * A category is its text; "" is missing, every other text that the model does not know is not seen.
   */
  readonly inputs: "matrix" | "columns"
  /** Type of the numbers that go in and come out. Inside the graph they are doubles either way. */
  readonly numbers: "double" | "float"
}

export const matrixInput = "features"

/** The text that stands for a missing category. */
export const missingText = ""

/** Declares the inputs of the graph and returns the features in it. Throws INVALID_INPUT. */
export const addInputs = (graph: Graph, features: readonly FeatureSchema[], form: InputForm): ColumnRef[] => {
  if (form.inputs === "matrix") {
    graph.inputs.push(declared(matrixInput, form.numbers, ["N", features.length]))
    return matrixColumns(graph, features, form)
  }
  const shape = features.length === 1 ? ["N", 1] : ["N"]
  for (const { name, kind, categories } of features) {
    if (name === "")
      throw new RoadmapError("INVALID_INPUT", "An ONNX input needs a name; a feature has none.")
    if (categories.includes(missingText))
      throw new RoadmapError(
        "INVALID_INPUT",
        `Feature "${name}" has the empty text among its categories, which stands for a missing one.`,
        { hint: 'Export with inputs: "matrix", which takes codes.' },
      )
    graph.inputs.push(declared(name, kind === "numeric" ? form.numbers : "string", shape))
  }
  return features.map(feature => inputColumn(graph, feature, { form, isColumn: shape.length === 2 }))
}

const inputColumn = (
  graph: Graph,
  { name, kind, categories }: FeatureSchema,
  { form, isColumn }: { form: InputForm; isColumn: boolean },
): ColumnRef => {
  const upright = (value: string) =>
    isColumn ? value : node(graph, "Unsqueeze", [value, integers(graph, [1])])
  if (kind === "numeric") return columnsOf(graph, asDouble(graph, upright(name), form), [name])[0]
  const unknown = categories.length
  const codes = mlNode(graph, "LabelEncoder", [upright(name)], {
    keys_strings: strings([...categories, missingText]),
    values_int64s: { kind: "ints", value: [...categories.keys(), unknown + 1] },
    default_int64: int(unknown),
  })
  return { name, kind, codes, categories }
}

const matrixColumns = (graph: Graph, features: readonly FeatureSchema[], form: InputForm): ColumnRef[] => {
  const matrix = asDouble(graph, matrixInput, form)
  const names = features.map(({ name }) => name)
  const numbers = columnsOf(graph, matrix, names)
  return features.map(({ name, kind, categories }, at) => {
    if (kind === "numeric") return numbers[at]
    const column = node(graph, "Gather", [matrix, integers(graph, [at])], { axis: int(1) })
    return { name, kind, categories, codes: codesOfNumbers(graph, column, categories.length) }
  })
}

/** Numbers [N, 1] as places in a table of `known` categories, then unknown, then missing. */
const codesOfNumbers = (graph: Graph, column: string, known: number): string => {
  const number = (value: number) => doubles(graph, [value])
  const isMissing = node(graph, "Or", [
    node(graph, "IsNaN", [column]),
    node(graph, "Equal", [column, number(-1)]),
  ])
  const isKnown = node(graph, "And", [
    node(graph, "Equal", [column, node(graph, "Floor", [column])]),
    node(graph, "And", [
      node(graph, "GreaterOrEqual", [column, number(0)]),
      node(graph, "Less", [column, number(known)]),
    ]),
  ])
  const seen = node(graph, "Where", [isKnown, column, number(known)])
  const place = node(graph, "Where", [isMissing, number(known + 1), seen])
  return cast(graph, place, elementTypes.int64)
}

const asDouble = (graph: Graph, value: string, { numbers }: InputForm): string =>
  numbers === "double" ? value : cast(graph, value, elementTypes.double)
