import type { CheckedPick } from "../sources.ts"
import { latestJoinSql, type NamedLatest } from "./latest.ts"
import { type NamedWindow, windowsSql } from "./windows.ts"
import type { SqlWords } from "./words.ts"

/** Column of a written training set: the label's row number from 0, in the order of the labels. */
export const rowColumn = "_row"

/**
 * The point-in-time join as one SELECT over numbered labels (`from` has the column _row): the label columns that were
 * asked for, then the features.
 */
export const joinSql = (
  picks: readonly CheckedPick[],
  labels: { from: string; timestamp: string; columns: readonly string[] },
  words: SqlWords,
): string => {
  const parts = picks.flatMap(pick => partsOf(pick, labels, words))
  const features = picks.flatMap(({ pick }) => pick.features.map(({ as }) => as))
  const owner = new Map(parts.flatMap(({ names }, index) => names.map(name => [name, index])))
  const selected = [
    `label.${rowColumn}`,
    ...labels.columns.map(name => `label.${words.name(name)}`),
    ...features.map(name => `part${owner.get(name)}.${words.name(name)}`),
  ]
  const joins = parts.map(
    ({ sql }, index) =>
      `LEFT JOIN (${sql}) AS part${index} ON part${index}.${rowColumn} = label.${rowColumn}`,
  )
  return `SELECT ${selected.join(", ")} FROM ${labels.from} AS label ${joins.join("\n")}`
}

/** Features of a pick that one statement computes together. */
const partsOf = (
  checkedPick: CheckedPick,
  labels: { from: string; timestamp: string },
  words: SqlWords,
): { names: string[]; sql: string }[] => {
  const latest: NamedLatest[] = []
  const windows = new Map<string, NamedWindow[]>()
  for (const { feature: name, as } of checkedPick.pick.features) {
    const feature = checkedPick.pick.view.features[name]
    if (feature.kind === "latest") latest.push({ column: feature.column, as })
    else {
      const moments = feature.shape === "sliding" ? "sliding" : `tumbling ${feature.window}`
      windows.set(moments, [...(windows.get(moments) ?? []), { feature, as }])
    }
  }
  const named = (features: readonly { as: string }[]) => features.map(({ as }) => as)
  return [
    ...(latest.length > 0
      ? [{ names: named(latest), sql: latestJoinSql(checkedPick, latest, labels, words) }]
      : []),
    ...[...windows.values()].map(features => ({
      names: named(features),
      sql: windowsSql(checkedPick, features, labels, words),
    })),
  ]
}
