import { RoadmapError } from "@roadmap/core/errors"
import type { FeatureSchema } from "../columns.ts"
import { doubles, type Graph, int, integers, lookUp, node } from "./graph.ts"

/** A numeric feature in the graph: column `at` of a matrix of doubles. */
export interface NumericRef {
  readonly name: string
  readonly kind: "numeric"
  readonly matrix: string
  readonly at: number
}

/**
 * A categorical feature in the graph: whole numbers [N, 1]. With K categories, 0..K-1 are theirs, K is a
 * category the model has not seen, K + 1 a missing one: all are places in a table of K + 2 entries.
 */
export interface CategoricalRef {
  readonly name: string
  readonly kind: "categorical"
  readonly codes: string
  readonly categories: readonly string[]
}

export type ColumnRef = NumericRef | CategoricalRef

/** Refs to all columns of a new matrix. */
export const columnsOf = (graph: Graph, matrix: string, names: readonly string[]): NumericRef[] => {
  graph.widths.set(matrix, names.length)
  return names.map((name, at) => ({ name, kind: "numeric", matrix, at }))
}

/** The columns side by side: [N, columns.length]. Copies nothing when they are one whole matrix in order. */
export const matrixOf = (graph: Graph, columns: readonly NumericRef[]): string => {
  const parts: { matrix: string; places: number[] }[] = []
  for (const { matrix, at } of columns) {
    const last = parts.at(-1)
    if (last?.matrix === matrix) last.places.push(at)
    else parts.push({ matrix, places: [at] })
  }
  const values = parts.map(({ matrix, places }) =>
    places.length === graph.widths.get(matrix) && places.every((place, i) => place === i)
      ? matrix
      : node(graph, "Gather", [matrix, integers(graph, places)], { axis: int(1) }),
  )
  return values.length === 1 ? values[0] : node(graph, "Concat", values, { axis: int(1) })
}

/**
 * The columns a model knows, by name, in its order and its categories: the graph's `alignColumns`. Throws
 * INVALID_INPUT when one is missing or of the other kind.
 */
export const alignRefs = (
  graph: Graph,
  schema: readonly FeatureSchema[],
  columns: readonly ColumnRef[],
): ColumnRef[] =>
  schema.map(wanted => {
    const column = columns.find(({ name }) => name === wanted.name)
    if (column?.kind !== wanted.kind)
      throw new RoadmapError(
        "INVALID_INPUT",
        `The model's part needs the ${wanted.kind} feature "${wanted.name}", which the parts before it do not give.`,
      )
    return column.kind === "numeric" ? column : recode(graph, column, wanted.categories)
  })

/** The numeric columns of a schema; throws INVALID_INPUT when one is categorical. */
export const numericRefs = (
  graph: Graph,
  schema: readonly FeatureSchema[],
  columns: readonly ColumnRef[],
): NumericRef[] =>
  alignRefs(graph, schema, columns).map(column => {
    if (column.kind === "numeric") return column
    throw new RoadmapError("INVALID_INPUT", `Feature "${column.name}" is categorical; a number is needed.`)
  })

/** What each category stands for, as a column of doubles [N, 1]: one value a category, unknown, missing. */
export const encodeCategories = (
  graph: Graph,
  column: CategoricalRef,
  { values, unknown, missing }: { values: ArrayLike<number>; unknown: number; missing: number },
): string => {
  const encoded = lookUp(graph, [...Array.from(values), unknown, missing], column.codes)
  graph.widths.set(encoded, 1)
  return encoded
}

/** [N, width] doubles with the given rows of numbers in place of missing values; also where they were. */
export const fillMissing = (
  graph: Graph,
  matrix: string,
  fill: ArrayLike<number>,
): { filled: string; missing: string } => {
  const missing = node(graph, "IsNaN", [matrix])
  const filled = node(graph, "Where", [missing, doubles(graph, fill, [1, fill.length]), matrix])
  return { filled, missing }
}

const recode = (graph: Graph, column: CategoricalRef, categories: readonly string[]): CategoricalRef => {
  const known = column.categories
  if (known.length === categories.length && known.every((name, code) => name === categories[code]))
    return column
  const codeOf = new Map(categories.map((name, code) => [name, code]))
  const unknown = categories.length
  const table = [...known.map(name => codeOf.get(name) ?? unknown), unknown, unknown + 1]
  const codes = node(graph, "Gather", [integers(graph, table), column.codes], { axis: int(0) })
  return { ...column, codes, categories }
}
