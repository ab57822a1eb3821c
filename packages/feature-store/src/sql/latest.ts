import type { CheckedPick } from "../sources.ts"
import { latestColumns, latestSql } from "./expressions.ts"
import type { SqlWords } from "./words.ts"

export interface NamedLatest {
  readonly column: string
  readonly as: string
}

/**
 * Latest values: of the facts known at one moment the best, and of those only the ones that no fact known before
 * beats, are joined to the labels by the known time alone: by ASOF JOIN in DuckDB; in Spark, which has none, by one
 * ordered union in which each label takes the last fact before it.
 */
export const latestJoinSql = (
  checkedPick: CheckedPick,
  wanted: readonly NamedLatest[],
  labels: { from: string; timestamp: string },
  words: SqlWords,
): string => {
  const { pick, checked } = checkedPick
  const labelKeys = Object.values(pick.keys).map(words.name)
  const time = words.micros(words.name(labels.timestamp))
  const { ttl } = checked.view
  const columns = latestColumns(checked.view)
  const place = (column: string) => `_c${columns.indexOf(column)}`
  const asked = `SELECT ${[
    ...labelKeys.map((key, index) => `${key} AS _k${index}`),
    `${time} AS _t`,
    "_row",
  ].join(
    ", ",
  )} FROM ${labels.from} WHERE ${[...labelKeys, words.name(labels.timestamp)].map(each => `${each} IS NOT NULL`).join(" AND ")}`
  const keys = labelKeys.map((_, index) => `_k${index}`)
  const alive = (event: string, t: string, value: string) =>
    ttl === undefined ? value : `CASE WHEN ${t} - ${event} <= ${ttl} THEN ${value} END`

  if (words.dialect === "duckdb")
    return `SELECT asked._row, ${wanted
      .map(
        ({ column, as }) =>
          `${alive("fact._event", "asked._t", `fact.${place(column)}`)} AS ${words.name(as)}`,
      )
      .join(", ")}
    FROM (${asked}) AS asked ASOF JOIN (${visibleFacts(checkedPick, words)}) AS fact
    ON ${keys.map(key => `asked.${key} = fact.${key}`).join(" AND ")} AND asked._t >= fact._t`

  const carried = ["_event", ...columns.map(place)]
  const fact = words.struct(Object.fromEntries(carried.map(name => [name, name])))
  return `SELECT _row, ${wanted
    .map(({ column, as }) => `${alive("_seen._event", "_t", `_seen.${place(column)}`)} AS ${words.name(as)}`)
    .join(", ")}
  FROM (
    SELECT _row, _t, last_value(_fact, true) OVER (
      PARTITION BY ${keys.join(", ")} ORDER BY _t, _row NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS _seen
    FROM (
      SELECT ${keys.join(", ")}, _t, CAST(NULL AS BIGINT) AS _row, ${fact} AS _fact FROM (${visibleFacts(checkedPick, words)}) AS visible
      UNION ALL SELECT ${keys.join(", ")}, _t, _row, NULL FROM (${asked}) AS asked
    ) AS together
  ) AS swept WHERE _row IS NOT NULL`
}

/** One fact a key and known time, and only those that are the latest when they become known. */
const visibleFacts = ({ checked }: CheckedPick, words: SqlWords): string => {
  const { view, fields, from, where } = checked
  const { source } = view
  const sourceKeys = Object.values(source.keys).map(words.name)
  const keys = sourceKeys.map((_, index) => `_k${index}`)
  const columns = latestColumns(view).map((name, index) => ({
    name: `_c${index}`,
    sql: latestSql(fields.get(name)!, words),
  }))
  const selected = [
    ...sourceKeys.map((key, index) => `${key} AS _k${index}`),
    `${words.micros(words.name(source.knownTime))} AS _t`,
    `${words.micros(words.name(source.eventTime))} AS _event`,
    ...(source.createdTime ? [`${words.micros(words.name(source.createdTime))} AS _created`] : []),
    ...columns.map(({ name, sql }) => `${sql} AS ${name}`),
  ]
  const descending = [
    "_event",
    ...(source.createdTime ? ["_created"] : []),
    ...columns.map(({ name }) => name),
  ]
    .map(name => `${name} DESC NULLS LAST`)
    .join(", ")
  const best = `SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY ${[...keys, "_t"].join(", ")} ORDER BY ${descending}) AS _place
    FROM (SELECT ${selected.join(", ")} FROM ${from}
      WHERE ${[where, ...sourceKeys.map(key => `${key} IS NOT NULL`)].join(" AND ")}) AS facts
  ) AS ordered WHERE _place = 1`
  if (source.eventTime === source.knownTime) return best
  return `SELECT * FROM (
    SELECT *, max(_event) OVER (
      PARTITION BY ${keys.join(", ")} ORDER BY _t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS _newest FROM (${best}) AS best
  ) AS running WHERE _newest IS NULL OR _event >= _newest`
}
