import type { FeatureSchema } from "../columns.ts"
import type { PcaModel } from "../decomposition/pca.ts"
import type { ImputerModel } from "../preprocessing/imputer.ts"
import type { OneHotModel } from "../preprocessing/one-hot.ts"
import type { StandardScalerModel } from "../preprocessing/standard-scaler.ts"
import type { TargetEncoderModel } from "../preprocessing/target-encoder.ts"
import type { Transformer } from "../transformer.ts"
import {
  alignRefs,
  type ColumnRef,
  columnsOf,
  encodeCategories,
  fillMissing,
  matrixOf,
  numericRefs,
} from "./columns.ts"
import { cast, doubles, type Graph, integers, node, refuseGaps } from "./graph.ts"
import { elementTypes } from "./proto.ts"

/** Columns in, columns out: the graph of `transform`. Throws INVALID_INPUT when a column is missing. */
export const addTransformer = (
  graph: Graph,
  transformer: Transformer,
  columns: readonly ColumnRef[],
): ColumnRef[] => {
  switch (transformer.kind) {
    case "imputer":
      return addImputer(graph, transformer, columns)
    case "standard-scaler":
      return addScaler(graph, transformer, columns)
    case "one-hot":
      return addOneHot(graph, transformer, columns)
    case "target-encoder":
      return addTargetEncoder(graph, transformer, columns)
    case "pca":
      return addPca(graph, transformer, columns)
  }
}

const addImputer = (graph: Graph, model: ImputerModel, columns: readonly ColumnRef[]): ColumnRef[] => {
  const known = numericRefs(graph, model.features, columns)
  const names = known.map(({ name }) => name)
  const { filled, missing } = fillMissing(graph, matrixOf(graph, known), model.fill)
  refuseGaps(graph, filled)
  const numbers = columnsOf(graph, filled, names)
  const gaps = model.indicators.includes(1)
    ? columnsOf(
        graph,
        cast(graph, missing, elementTypes.double),
        names.map(name => `${name} is missing`),
      )
    : []
  return replaceRefs(model.features, columns, index =>
    model.indicators[index] === 1 ? [numbers[index], gaps[index]] : [numbers[index]],
  )
}

const addScaler = (graph: Graph, model: StandardScalerModel, columns: readonly ColumnRef[]): ColumnRef[] => {
  const known = numericRefs(graph, model.features, columns)
  const matrix = matrixOf(graph, known)
  // Missing values stay missing, so only infinite ones are refused.
  refuseGaps(graph, fillMissing(graph, matrix, model.mean).filled)
  const shape = [1, known.length]
  const centred = node(graph, "Sub", [matrix, doubles(graph, model.mean, shape)])
  const scaled = node(graph, "Div", [centred, doubles(graph, model.scale, shape)])
  const numbers = columnsOf(
    graph,
    scaled,
    known.map(({ name }) => name),
  )
  return replaceRefs(model.features, columns, index => [numbers[index]])
}

const addOneHot = (graph: Graph, model: OneHotModel, columns: readonly ColumnRef[]): ColumnRef[] => {
  const known = alignRefs(graph, model.features, columns)
  return replaceRefs(model.features, columns, index => {
    const column = known[index]
    if (column.kind === "numeric") return [column]
    const { name, codes, categories } = column
    if (categories.length === 0) return []
    const each = integers(graph, [...categories.keys()], [1, categories.length])
    const matrix = cast(graph, node(graph, "Equal", [codes, each]), elementTypes.double)
    return columnsOf(
      graph,
      matrix,
      categories.map(category => `${name}=${category}`),
    )
  })
}

const addTargetEncoder = (
  graph: Graph,
  model: TargetEncoderModel,
  columns: readonly ColumnRef[],
): ColumnRef[] => {
  const known = alignRefs(graph, model.features, columns)
  return replaceRefs(model.features, columns, index => {
    const column = known[index]
    if (column.kind === "numeric") return [column]
    const encodings = model.encodings[index]
    const values = encodings.subarray(0, column.categories.length)
    const missing = encodings[encodings.length - 1]
    const matrix = encodeCategories(graph, column, { values, unknown: model.mean, missing })
    return columnsOf(graph, matrix, [column.name])
  })
}

const addPca = (graph: Graph, model: PcaModel, columns: readonly ColumnRef[]): ColumnRef[] => {
  const known = numericRefs(graph, model.features, columns)
  const matrix = matrixOf(graph, known)
  refuseGaps(graph, matrix)
  const width = known.length
  const components = model.variance.length
  const loadings = new Float64Array(width * components)
  for (let k = 0; k < components; k++)
    for (let c = 0; c < width; c++) loadings[c * components + k] = model.axes[k * width + c]
  const centred = node(graph, "Sub", [matrix, doubles(graph, model.mean, [1, width])])
  const projected = node(graph, "MatMul", [centred, doubles(graph, loadings, [width, components])])
  const spreads = model.variance.map(spread =>
    model.parameters.whiten && spread > 0 ? Math.sqrt(spread) : 1,
  )
  const scaled = node(graph, "Div", [projected, doubles(graph, spreads, [1, components])])
  const names = new Set(known.map(({ name }) => name))
  return [
    ...columns.filter(({ name }) => !names.has(name)),
    ...columnsOf(
      graph,
      scaled,
      Array.from(spreads, (_, k) => `pca${k + 1}`),
    ),
  ]
}

/** The graph's `replaceColumns`: what stands in the place of each column that the step knows. */
const replaceRefs = (
  schema: readonly FeatureSchema[],
  columns: readonly ColumnRef[],
  replace: (index: number) => readonly ColumnRef[],
): ColumnRef[] => {
  const indexOf = new Map(schema.map(({ name }, index) => [name, index]))
  return columns.flatMap(column => {
    const index = indexOf.get(column.name)
    return index === undefined ? [column] : replace(index)
  })
}
