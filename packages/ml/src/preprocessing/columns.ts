import { RoadmapError } from "@roadmap/core/errors"
import { alignColumns, type FeatureSchema } from "../columns.ts"
import type { FeatureColumn, Features } from "../features.ts"

/** The columns a step acts on: the named ones, or all of the step's kind. Throws INVALID_INPUT. */
export const chooseColumns = <K extends FeatureColumn["kind"]>(
  features: Features,
  names: readonly string[] | undefined,
  { kind, step }: { kind: K; step: string },
): Extract<FeatureColumn, { kind: K }>[] => {
  const isOfKind = (column: FeatureColumn): column is Extract<FeatureColumn, { kind: K }> =>
    column.kind === kind
  const chosen = names === undefined ? features.columns.filter(isOfKind) : pick(features, names)
  const wrong = chosen.find(column => !isOfKind(column))
  if (wrong !== undefined)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${step} takes ${kind} features; "${wrong.name}" is ${wrong.kind}.`,
    )
  if (features.rows === 0) throw new RoadmapError("INVALID_INPUT", `${step} has no rows to learn from.`)
  if (chosen.length === 0)
    throw new RoadmapError("INVALID_INPUT", `${step} has no ${kind} features to act on.`)
  return chosen.filter(isOfKind)
}

/**
 * Puts what `replace` makes of each of the step's columns (in the step's own categories) into its place.
 * Columns the step does not know pass through. Throws INVALID_INPUT when one it knows is missing.
 */
export const replaceColumns = (
  schema: readonly FeatureSchema[],
  features: Features,
  replace: (column: FeatureColumn, index: number) => readonly FeatureColumn[],
): Features => {
  const aligned = alignColumns(schema, features)
  const indexOf = new Map(schema.map(({ name }, index) => [name, index]))
  return {
    rows: features.rows,
    columns: features.columns.flatMap(column => {
      const index = indexOf.get(column.name)
      return index === undefined ? [column] : replace(aligned[index], index)
    }),
  }
}

const pick = (features: Features, names: readonly string[]): FeatureColumn[] =>
  names.map(name => {
    const column = features.columns.find(candidate => candidate.name === name)
    if (column !== undefined) return column
    throw new RoadmapError("INVALID_INPUT", `There is no feature "${name}".`, {
      hint: `The columns given are: ${features.columns.map(other => other.name).join(", ") || "none"}.`,
    })
  })
