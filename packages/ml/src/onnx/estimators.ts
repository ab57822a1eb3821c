import type { IsolationForestModel } from "../anomaly/isolation-forest.ts"
import { expectedPathLength } from "../anomaly/isolation-tree.ts"
import type { BoostingModel } from "../boosting/model.ts"
import type { KMeansModel } from "../clustering/k-means.ts"
import type { LinearCoefficients } from "../linear/design.ts"
import {
  alignRefs,
  type ColumnRef,
  encodeCategories,
  fillMissing,
  matrixOf,
  type NumericRef,
  numericRefs,
} from "./columns.ts"
import { cast, doubles, everyRow, type Graph, int, integers, node, refuseGaps, sigmoid } from "./graph.ts"
import { elementTypes } from "./proto.ts"
import { addTrees, type TreeTest } from "./trees.ts"

/** intercept + coefficients · row: the graph of `linearResponse`. */
export const addLinear = (graph: Graph, model: LinearCoefficients, columns: readonly ColumnRef[]): string => {
  const numbers: { column: NumericRef; fill: number; coefficient: number; whenMissing: number }[] = []
  const terms: string[] = []
  let place = 0
  alignRefs(graph, model.features, columns).forEach((column, feature) => {
    const width = column.kind === "numeric" ? 1 : column.categories.length
    const coefficients = model.coefficients.subarray(place, place + width)
    const whenMissing = model.indicators[feature] === 1 ? model.coefficients[place + width] : 0
    place += width + model.indicators[feature]
    if (column.kind === "numeric")
      numbers.push({ column, fill: model.fill[feature], coefficient: coefficients[0], whenMissing })
    else
      terms.push(encodeCategories(graph, column, { values: coefficients, unknown: 0, missing: whenMissing }))
  })
  if (numbers.length > 0) {
    const matrix = matrixOf(
      graph,
      numbers.map(({ column }) => column),
    )
    const { filled, missing } = fillMissing(
      graph,
      matrix,
      numbers.map(({ fill }) => fill),
    )
    refuseGaps(graph, filled)
    terms.push(
      dot(
        graph,
        filled,
        numbers.map(({ coefficient }) => coefficient),
      ),
    )
    if (numbers.some(({ whenMissing }) => whenMissing !== 0))
      terms.push(
        dot(
          graph,
          cast(graph, missing, elementTypes.double),
          numbers.map(({ whenMissing }) => whenMissing),
        ),
      )
  }
  return terms.reduce((sum, term) => node(graph, "Add", [sum, term]), everyRow(graph, model.intercept))
}

/** Baseline and trees, then the inverse link of the loss: the graph of `predictBoosting`. */
export const addBoosting = (graph: Graph, model: BoostingModel, columns: readonly ColumnRef[]): string => {
  const numbers = alignRefs(graph, model.features, columns).map((column): NumericRef => {
    if (column.kind === "numeric") return column
    // Codes as they are; missing and unknown ones both take the node's missing side.
    const values = [...column.categories.keys()]
    const matrix = encodeCategories(graph, column, { values, unknown: Number.NaN, missing: Number.NaN })
    return { name: column.name, kind: "numeric", matrix, at: 0 }
  })
  if (model.roots.length === 0) return addLink(graph, model, everyRow(graph, model.baseline))
  const trees = addTrees(graph, matrixOf(graph, numbers), { ...model, test: at => boostingTest(model, at) })
  return addLink(graph, model, node(graph, "Add", [trees, doubles(graph, [model.baseline])]))
}

const addLink = (graph: Graph, { loss }: BoostingModel, score: string): string =>
  loss === "logistic" ? sigmoid(graph, score) : loss === "poisson" ? node(graph, "Exp", [score]) : score

const boostingTest = (model: BoostingModel, at: number): TreeTest => {
  const missingLeft = model.missingLeft[at] === 1
  const set = model.categorySet[at]
  if (set < 0) return { rule: { threshold: model.threshold[at] }, missingLeft }
  const codes = [...model.features[model.feature[at]].categories.keys()]
  const members = codes.filter(code => (model.categorySets[set + (code >>> 5)] >>> (code & 31)) & 1)
  return { rule: { members, of: codes.length }, missingLeft }
}

/** Number of the nearest center, [N, 1] whole numbers: the graph of `assignClusters`. */
export const addKMeans = (graph: Graph, model: KMeansModel, columns: readonly ColumnRef[]): string => {
  const matrix = matrixOf(graph, numericRefs(graph, model.features, columns))
  refuseGaps(graph, matrix)
  const width = model.features.length
  const distances: string[] = []
  // Center by center: all at once would take rows x centers x features numbers of memory.
  for (let first = 0; first < model.centers.length; first += width) {
    const center = doubles(graph, model.centers.subarray(first, first + width), [1, width])
    const apart = node(graph, "Sub", [matrix, center])
    const squares = node(graph, "Mul", [apart, apart])
    distances.push(node(graph, "ReduceSum", [squares, integers(graph, [1])], { keepdims: int(1) }))
  }
  const all = node(graph, "Concat", distances, { axis: int(1) })
  return node(graph, "ArgMin", [all], { axis: int(1), keepdims: int(1) })
}

/** 2^(-mean path length / expected path length): the graph of `anomalyScores`. */
export const addIsolationForest = (
  graph: Graph,
  model: IsolationForestModel,
  columns: readonly ColumnRef[],
): string => {
  const matrix = matrixOf(graph, numericRefs(graph, model.features, columns))
  refuseGaps(graph, matrix)
  const expected = expectedPathLength(model.sampleSize)
  if (expected === 0) return everyRow(graph, 0.5)
  const lengths = addTrees(graph, matrix, {
    ...model,
    value: model.pathLength,
    test: at => ({ rule: { threshold: model.threshold[at] }, missingLeft: false }),
  })
  const mean = node(graph, "Div", [lengths, doubles(graph, [model.roots.length])])
  const share = node(graph, "Div", [mean, doubles(graph, [-expected])])
  return node(graph, "Pow", [doubles(graph, [2]), share])
}

const dot = (graph: Graph, matrix: string, coefficients: readonly number[]): string =>
  node(graph, "MatMul", [matrix, doubles(graph, coefficients, [coefficients.length, 1])])
