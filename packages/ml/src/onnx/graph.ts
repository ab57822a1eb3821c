import type { ElementType, OnnxAttribute, OnnxNode, OnnxTensor, OnnxValue } from "./proto.ts"

/** Operator sets in use: both are read by onnxruntime since 1.21. TreeEnsemble came with ai.onnx.ml 5. */
export const opsets = { "": 18, "ai.onnx.ml": 5 } as const
/** The file layout that came with these operator sets (ONNX 1.16). */
export const irVersion = 10

type Attributes = Readonly<Record<string, OnnxAttribute>>

/**
 * A graph under construction. Values are named texts; inside the graph every number is a double and every
 * value has one row a row of the input, [N, width].
 */
export interface Graph {
  readonly nodes: OnnxNode[]
  readonly constants: Record<string, OnnxTensor>
  readonly inputs: OnnxValue[]
  readonly outputs: OnnxValue[]
  /** Columns of each matrix that `matrixOf` may be asked to cut. */
  readonly widths: Map<string, number>
  /** [N, 1] doubles: 0, or NaN at rows that `predict` refuses. */
  readonly refusals: string[]
}

export const createGraph = (): Graph => ({
  nodes: [],
  constants: {},
  inputs: [],
  outputs: [],
  widths: new Map(),
  refusals: [],
})

/** Adds a node of ai.onnx and returns the name of its output. */
export const node = (
  graph: Graph,
  operator: string,
  inputs: readonly string[],
  attributes: Attributes = {},
  name = freeName(graph, operator),
): string => {
  graph.nodes.push({ operator, domain: "", inputs, outputs: [name], attributes })
  return name
}

/** Adds a node of ai.onnx.ml. */
export const mlNode = (
  graph: Graph,
  operator: string,
  inputs: readonly string[],
  attributes: Attributes,
): string => {
  const name = freeName(graph, operator)
  graph.nodes.push({ operator, domain: "ai.onnx.ml", inputs, outputs: [name], attributes })
  return name
}

const constant = (graph: Graph, tensor: OnnxTensor): string => {
  const name = freeName(graph, "constant")
  graph.constants[name] = tensor
  return name
}

/** A constant of doubles; without `dims` a vector. */
export const doubles = (graph: Graph, values: ArrayLike<number>, dims: readonly number[] = [values.length]) =>
  constant(graph, { type: "double", dims, values: Float64Array.from(values) })

/** A constant vector of whole numbers. */
export const integers = (
  graph: Graph,
  values: ArrayLike<number>,
  dims: readonly number[] = [values.length],
) => constant(graph, { type: "int64", dims, values: BigInt64Array.from(Array.from(values, BigInt)) })

export const int = (value: number): OnnxAttribute => ({ kind: "int", value })
export const ints = (value: readonly number[]): OnnxAttribute => ({ kind: "ints", value })
export const strings = (value: readonly string[]): OnnxAttribute => ({ kind: "strings", value })
export const doublesAttribute = (values: readonly number[]): OnnxAttribute => ({
  kind: "tensor",
  value: { type: "double", dims: [values.length], values: Float64Array.from(values) },
})
export const bytesAttribute = (values: readonly number[]): OnnxAttribute => ({
  kind: "tensor",
  value: { type: "uint8", dims: [values.length], values: Uint8Array.from(values) },
})

export const cast = (graph: Graph, value: string, to: number): string =>
  node(graph, "Cast", [value], { to: int(to) })

/** value(row) of a table for every row's index. */
export const lookUp = (graph: Graph, table: ArrayLike<number>, index: string): string =>
  node(graph, "Gather", [doubles(graph, table), index], { axis: int(0) })

/** One number in every row: [N, 1]. */
export const everyRow = (graph: Graph, value: number): string => {
  const [input] = graph.inputs
  const rows = node(graph, "Shape", [input.name], { start: int(0), end: int(1) })
  const shape = node(graph, "Concat", [rows, integers(graph, [1])], { axis: int(0) })
  return node(graph, "Expand", [doubles(graph, [value], [1, 1]), shape])
}

/** 1 / (1 + exp(-logOdds)), by the steps that `predict` takes. */
export const sigmoid = (graph: Graph, logOdds: string): string => {
  const exponential = node(graph, "Exp", [node(graph, "Neg", [logOdds])])
  return node(graph, "Reciprocal", [node(graph, "Add", [exponential, doubles(graph, [1])])])
}

/** Refuses the rows of a matrix that hold an infinite value or NaN. */
export const refuseGaps = (graph: Graph, matrix: string): void => {
  // x - x is 0 for a number and NaN for all else.
  const zeros = node(graph, "Sub", [matrix, matrix])
  graph.refusals.push(node(graph, "ReduceSum", [zeros, integers(graph, [1])], { keepdims: int(1) }))
}

/** A name that no input, output or node has. Inputs and outputs are named before the first node. */
const freeName = (graph: Graph, kind: string): string => {
  const taken = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name))
  let number = graph.nodes.length + Object.keys(graph.constants).length
  while (taken.has(`/${kind}_${number}`)) number++
  return `/${kind}_${number}`
}

export const declared = (name: string, type: ElementType, shape: OnnxValue["shape"]): OnnxValue => ({
  name,
  type,
  shape,
})
