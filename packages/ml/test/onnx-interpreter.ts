import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from "../src/onnx/proto.ts"

/** A tensor of numbers (or texts), row by row. Whole numbers and truth values are numbers too. */
export interface Cells {
  readonly dims: readonly number[]
  readonly values: Float64Array | readonly string[]
}

/**
 * Runs a graph as the operators' pages describe them (https://onnx.ai/onnx/operators/): slowly, in doubles, and
 * only the operators that `toOnnx` writes. It shares no code with the export but the reader.
 */
export const interpret = (
  { graph }: OnnxModel,
  feeds: Readonly<Record<string, Cells>>,
): Record<string, Cells> => {
  const known = new Map<string, Cells>(Object.entries(feeds))
  for (const [name, tensor] of Object.entries(graph.constants)) known.set(name, cellsOf(tensor))
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(name => {
      const value = known.get(name)
      if (value === undefined) throw new Error(`${node.operator} reads ${name} before it is there`)
      return value
    })
    for (const output of node.outputs) known.set(output, operate(node, inputs))
  }
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, known.get(name)!]))
}

const operate = (node: OnnxNode, inputs: readonly Cells[]): Cells => {
  const [a, b, c] = inputs
  const attributes = node.attributes
  const binary = binaryOperators[node.operator]
  if (binary !== undefined) return broadcast([a, b], ([x, y]) => binary(x, y))
  const unary = unaryOperators[node.operator]
  if (unary !== undefined) return broadcast([a], ([x]) => unary(x))
  switch (node.operator) {
    case "Cast":
      return broadcast([a], ([x]) => castTo(x, intOf(attributes.to)))
    case "Where":
      return broadcast([a, b, c], ([condition, x, y]) => (condition !== 0 ? x : y))
    case "Gather":
      return gather(a, b, intOf(attributes.axis))
    case "Concat":
      return concat(inputs, intOf(attributes.axis))
    case "Unsqueeze":
      return { dims: a.dims.toSpliced(numbers(b)[0], 0, 1), values: a.values }
    case "Squeeze":
      return { dims: a.dims.toSpliced(numbers(b)[0], 1), values: a.values }
    case "Shape": {
      const dims = a.dims.slice(intOf(attributes.start), intOf(attributes.end))
      return { dims: [dims.length], values: Float64Array.from(dims) }
    }
    case "Expand":
      return broadcast(
        [a, { dims: [...numbers(b)], values: new Float64Array(product(numbers(b))) }],
        ([x]) => x,
      )
    case "MatMul":
      return multiply(a, b)
    case "ReduceSum":
      return reduce(a, values => values.reduce((sum, value) => sum + value, 0))
    case "ArgMin":
      return reduce(a, values => values.indexOf(Math.min(...values)))
    case "LabelEncoder":
      return encodeLabels(a, attributes)
    case "TreeEnsemble":
      return sumTrees(a, attributes)
    default:
      throw new Error(`${node.operator} is not an operator that this interpreter knows`)
  }
}

const binaryOperators: Record<string, ((x: number, y: number) => number) | undefined> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
  Pow: (x, y) => x ** y,
  Min: (x, y) => Math.min(x, y),
  Max: (x, y) => Math.max(x, y),
  Equal: (x, y) => Number(x === y),
  Less: (x, y) => Number(x < y),
  Greater: (x, y) => Number(x > y),
  GreaterOrEqual: (x, y) => Number(x >= y),
  And: (x, y) => Number(x !== 0 && y !== 0),
  Or: (x, y) => Number(x !== 0 || y !== 0),
}

const unaryOperators: Record<string, ((x: number) => number) | undefined> = {
  Neg: x => -x,
  Exp: Math.exp,
  Log: Math.log,
  Floor: Math.floor,
  Reciprocal: x => 1 / x,
  IsNaN: x => Number(Number.isNaN(x)),
}

/** TensorProto.DataType: 1 float, 7 int64, 11 double. */
const castTo = (value: number, type: number): number => {
  if (type === 1) return Math.fround(value)
  if (type === 11) return value
  if (type === 7 && Number.isFinite(value)) return Math.trunc(value)
  throw new Error(`${value} cannot be cast to type ${type}`)
}

const numbers = ({ values }: Cells): Float64Array => {
  if (values instanceof Float64Array) return values
  throw new Error("texts were given where numbers are needed")
}

const product = (dims: ArrayLike<number>): number =>
  Array.from(dims).reduce((size, length) => size * length, 1)

/** Element by element, dimensions of length 1 repeated (https://onnx.ai/onnx/repo-docs/Broadcasting.html). */
const broadcast = (inputs: readonly Cells[], apply: (values: number[]) => number): Cells => {
  const rank = Math.max(...inputs.map(({ dims }) => dims.length))
  const padded = inputs.map(({ dims }) => [...new Array<number>(rank - dims.length).fill(1), ...dims])
  const dims = Array.from({ length: rank }, (_, axis) => {
    const lengths = padded.map(each => each[axis]).filter(length => length !== 1)
    if (new Set(lengths).size > 1) throw new Error(`[${padded.join("] and [")}] do not broadcast`)
    return lengths[0] ?? 1
  })
  const values = new Float64Array(product(dims))
  const cells = inputs.map(numbers)
  for (let at = 0; at < values.length; at++) {
    values[at] = apply(
      cells.map((each, i) => {
        let rest = at
        let place = 0
        let stride = 1
        for (let axis = rank - 1; axis >= 0; axis--) {
          const index = rest % dims[axis]
          rest = Math.floor(rest / dims[axis])
          if (padded[i][axis] !== 1) place += index * stride
          stride *= padded[i][axis]
        }
        return each[place]
      }),
    )
  }
  return { dims, values }
}

/** axis 0 of a vector by an index of any shape; axis 1 of a matrix by a vector. */
const gather = (data: Cells, index: Cells, axis: number): Cells => {
  const values = numbers(data)
  const places = numbers(index)
  for (const place of places)
    if (!(place >= 0 && place < data.dims[axis])) throw new Error(`index ${place} of ${data.dims[axis]}`)
  if (axis === 0 && data.dims.length === 1)
    return { dims: index.dims, values: places.map(place => values[place]) }
  const [rows, width] = data.dims
  const gathered = new Float64Array(rows * places.length)
  for (let row = 0; row < rows; row++)
    places.forEach((place, i) => {
      gathered[row * places.length + i] = values[row * width + place]
    })
  return { dims: [rows, places.length], values: gathered }
}

const concat = (parts: readonly Cells[], axis: number): Cells => {
  if (axis === 0) {
    const values = parts.flatMap(part => [...numbers(part)])
    return { dims: [values.length], values: Float64Array.from(values) }
  }
  const [rows] = parts[0].dims
  const values = Array.from({ length: rows }, (_, row) =>
    parts.flatMap(part => [...numbers(part).subarray(row * part.dims[1], (row + 1) * part.dims[1])]),
  ).flat()
  return {
    dims: [rows, parts.reduce((sum, part) => sum + part.dims[1], 0)],
    values: Float64Array.from(values),
  }
}

const multiply = (a: Cells, b: Cells): Cells => {
  const [rows, inner] = a.dims
  const width = b.dims[1]
  const values = new Float64Array(rows * width)
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < inner; k++)
      for (let column = 0; column < width; column++)
        values[row * width + column] += numbers(a)[row * inner + k] * numbers(b)[k * width + column]
  return { dims: [rows, width], values }
}

/** Along the rows of a matrix, to [N, 1]. */
const reduce = (matrix: Cells, apply: (values: number[]) => number): Cells => {
  const [rows, width] = matrix.dims
  const values = Float64Array.from({ length: rows }, (_, row) =>
    apply([...numbers(matrix).subarray(row * width, (row + 1) * width)]),
  )
  return { dims: [rows, 1], values }
}

type Attributes = OnnxNode["attributes"]

const encodeLabels = ({ dims, values }: Cells, attributes: Attributes): Cells => {
  const keys = attributes.keys_strings
  if (keys.kind !== "strings" || values instanceof Float64Array) throw new Error("texts are needed")
  const codes = intsOf(attributes.values_int64s)
  const codeOf = new Map(keys.value.map((key, i) => [key, codes[i]]))
  const unknown = intOf(attributes.default_int64)
  return { dims, values: Float64Array.from(values, text => codeOf.get(text) ?? unknown) }
}

const sumTrees = (matrix: Cells, attributes: Attributes): Cells => {
  const [rows, width] = matrix.dims
  const x = numbers(matrix)
  const node = {
    feature: intsOf(attributes.nodes_featureids),
    mode: tensorOf(attributes.nodes_modes),
    split: tensorOf(attributes.nodes_splits),
    missingTrue: intsOf(attributes.nodes_missing_value_tracks_true),
    onTrue: intsOf(attributes.nodes_truenodeids),
    onTrueLeaf: intsOf(attributes.nodes_trueleafs),
    onFalse: intsOf(attributes.nodes_falsenodeids),
    onFalseLeaf: intsOf(attributes.nodes_falseleafs),
  }
  const weights = tensorOf(attributes.leaf_weights)
  const sets = memberSets(node.mode, attributes)
  const isTrue = (at: number, value: number): boolean => {
    if (Number.isNaN(value) && node.missingTrue[at] === 1) return true
    if (node.mode[at] === 0) return value <= node.split[at]
    if (node.mode[at] === 4) return value === node.split[at]
    if (node.mode[at] === 6) return sets.get(at)!.has(value)
    throw new Error(`mode ${node.mode[at]} is not known`)
  }
  const values = new Float64Array(rows)
  for (let row = 0; row < rows; row++)
    for (const root of intsOf(attributes.tree_roots)) {
      let at = root
      for (let isLeaf = false; !isLeaf; ) {
        const goesTrue = isTrue(at, x[row * width + node.feature[at]])
        isLeaf = (goesTrue ? node.onTrueLeaf : node.onFalseLeaf)[at] === 1
        at = (goesTrue ? node.onTrue : node.onFalse)[at]
      }
      values[row] += weights[at]
    }
  return { dims: [rows, 1], values }
}

/** The sets of BRANCH_MEMBER nodes follow each other in the order of the nodes; NaN ends each. */
const memberSets = (modes: Float64Array, attributes: Attributes): Map<number, Set<number>> => {
  const sets = new Map<number, Set<number>>()
  const members = attributes.membership_values ? tensorOf(attributes.membership_values) : new Float64Array(0)
  let next = 0
  modes.forEach((mode, at) => {
    if (mode !== 6) return
    const end = members.findIndex((value, i) => i >= next && Number.isNaN(value))
    sets.set(at, new Set(members.subarray(next, end)))
    next = end + 1
  })
  if (next !== members.length) throw new Error("there are more sets than nodes that ask for one")
  return sets
}

const intOf = (attribute: OnnxAttribute): number => {
  if (attribute?.kind === "int") return attribute.value
  throw new Error("a whole number is needed")
}

const intsOf = (attribute: OnnxAttribute): readonly number[] => {
  if (attribute?.kind === "ints") return attribute.value
  throw new Error("whole numbers are needed")
}

const tensorOf = (attribute: OnnxAttribute): Float64Array => {
  if (attribute?.kind === "tensor") return numbers(cellsOf(attribute.value))
  throw new Error("a tensor is needed")
}

const cellsOf = ({ dims, values }: OnnxTensor): Cells =>
  ArrayBuffer.isView(values)
    ? { dims, values: Float64Array.from(values as Iterable<number | bigint>, Number) }
    : { dims, values }
