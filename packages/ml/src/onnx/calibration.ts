import type { Calibrator } from "../calibration/calibrated.ts"
import type { IsotonicCalibrator } from "../calibration/isotonic.ts"
import { cast, doubles, everyRow, type Graph, lookUp, node, sigmoid } from "./graph.ts"
import { elementTypes } from "./proto.ts"
import { addTrees } from "./trees.ts"

/** Corrected probabilities [N, 1] in place of the base model's: the graph of `calibrate`. */
export const addCalibrator = (graph: Graph, calibrator: Calibrator, probability: string): string => {
  const score = logOdds(graph, probability)
  if (calibrator.method === "isotonic") return addCurve(graph, calibrator, score)
  const { slope, offset } = calibrator
  const line = node(graph, "Add", [
    node(graph, "Mul", [score, doubles(graph, [slope])]),
    doubles(graph, [offset]),
  ])
  return sigmoid(graph, node(graph, "Neg", [line]))
}

const logOdds = (graph: Graph, probability: string): string => {
  const least = doubles(graph, [Number.EPSILON])
  const most = doubles(graph, [1 - Number.EPSILON])
  const inside = node(graph, "Min", [node(graph, "Max", [probability, least]), most])
  const other = node(graph, "Sub", [doubles(graph, [1]), inside])
  return node(graph, "Log", [node(graph, "Div", [inside, other])])
}

/** Linear between the knots, flat outside them. */
const addCurve = (graph: Graph, { scores, probabilities }: IsotonicCalibrator, score: string): string => {
  const last = scores.length - 1
  if (last === 0) return everyRow(graph, probabilities[0])
  const low = node(graph, "Max", [score, doubles(graph, [scores[0]])])
  const inside = node(graph, "Min", [low, doubles(graph, [scores[last]])])
  const segment = cast(graph, addSearch(graph, scores.subarray(1, last), inside), elementTypes.int64)
  const at = (values: ArrayLike<number>) => lookUp(graph, values, segment)
  const differences = (values: Float64Array) => values.subarray(1).map((value, i) => value - values[i])
  const run = node(graph, "Sub", [inside, at(scores.subarray(0, last))])
  const share = node(graph, "Div", [run, at(differences(scores))])
  const rise = node(graph, "Mul", [share, at(differences(probabilities))])
  return node(graph, "Add", [at(probabilities.subarray(0, last)), rise])
}

/**
 * How many of the ascending bounds are below the value, as one balanced tree: a search by halves. On a bound
 * itself the curve has one height, whichever of the two segments is read.
 */
const addSearch = (graph: Graph, bounds: Float64Array, value: string): string => {
  const size = 2 * bounds.length + 1
  const tree = {
    roots: Int32Array.of(0),
    feature: new Int32Array(size).fill(-1),
    left: new Int32Array(size),
    right: new Int32Array(size),
    value: new Float64Array(size),
    threshold: new Float64Array(size),
  }
  let next = 0
  const grow = (first: number, end: number): number => {
    const node = next++
    if (first === end) {
      tree.value[node] = first
      return node
    }
    const middle = (first + end) >> 1
    tree.feature[node] = 0
    tree.threshold[node] = bounds[middle]
    tree.left[node] = grow(first, middle)
    tree.right[node] = grow(middle + 1, end)
    return node
  }
  grow(0, bounds.length)
  return addTrees(graph, value, {
    ...tree,
    test: at => ({ rule: { threshold: tree.threshold[at] }, missingLeft: false }),
  })
}
