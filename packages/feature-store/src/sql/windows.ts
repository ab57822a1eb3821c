import type { WindowFeature } from "../definitions.ts"
import type { CheckedPick, CheckedView } from "../sources.ts"
import { valueSql } from "./expressions.ts"
import { isNumeric, type SqlWords } from "./words.ts"

/** An aggregate of a view under the name it gets in the training set. */
export interface NamedWindow {
  readonly feature: WindowFeature
  readonly as: string
}

/** Before every moment: orders facts without a created time first. */
const longAgo = -9_007_199_254_740_991

/**
 * Windowed aggregates by one ordered union of facts and labels: each label looks back over a range of microseconds.
 * All features of one call have labels at the same moments: sliding ones, or tumbling ones of one length.
 * Gives `_row` and the features, one row a label with a whole key and a time.
 */
export const windowsSql = (
  { pick, checked }: CheckedPick,
  windows: readonly NamedWindow[],
  labels: { from: string; timestamp: string },
  words: SqlWords,
): string => {
  const { source } = checked.view
  const values = [...new Set(windows.flatMap(each => valuesOf(each.feature, checked, words)))]
  const valueName = (sql: string) => `_v${values.indexOf(sql)}`
  const sourceKeys = Object.values(source.keys).map(words.name)
  const labelKeys = Object.values(pick.keys).map(words.name)
  const notNull = (columns: readonly string[]) => columns.map(column => `${column} IS NOT NULL`).join(" AND ")
  const time = words.micros(words.name(labels.timestamp))
  const [{ feature: first }] = windows
  // windowEnd of window/state.ts.
  const end = first.shape === "tumbling" ? `${words.bucket(time, first.window)} * ${first.window} - 1` : time
  const facts = `SELECT ${[
    ...sourceKeys.map((key, index) => `${key} AS _k${index}`),
    `${words.micros(words.name(source.knownTime))} AS _t`,
    "CAST(NULL AS BIGINT) AS _row",
    "1 AS _fact",
    ...values.map(sql => `${sql} AS ${valueName(sql)}`),
  ].join(", ")} FROM ${checked.from} WHERE ${checked.where} AND ${notNull(sourceKeys)}`
  const asked = `SELECT ${[...labelKeys, end, "_row", "NULL", ...values.map(() => "NULL")].join(
    ", ",
  )} FROM ${labels.from} WHERE ${notNull([...labelKeys, words.name(labels.timestamp)])}`
  const keys = sourceKeys.map((_, index) => `_k${index}`).join(", ")
  const computed = windows.map(({ feature, as }, index) => {
    const over = `(PARTITION BY ${keys} ORDER BY _t RANGE BETWEEN ${feature.window - 1} PRECEDING AND CURRENT ROW)`
    const columns = valuesOf(feature, checked, words).map(valueName)
    return {
      inner: `${aggregateSql(feature, checked, columns, over, words)} AS _a${index}`,
      outer: `${feature.aggregate === "last" ? `CAST(_a${index}.value AS DOUBLE) + 0.0` : `_a${index}`} AS ${words.name(as)}`,
    }
  })
  return `SELECT _row, ${computed.map(({ outer }) => outer).join(", ")} FROM (
    SELECT _row, ${computed.map(({ inner }) => inner).join(", ")} FROM (${facts} UNION ALL ${asked}) AS together
  ) AS swept WHERE _row IS NOT NULL`
}

/** What the union carries for an aggregate: the value, or for `last` the value with what orders it. */
const valuesOf = (feature: WindowFeature, { view, fields }: CheckedView, words: SqlWords): string[] => {
  if (feature.column === undefined) return []
  const value = valueSql(feature, fields, words)
  if (feature.aggregate !== "last") return [value]
  const { source } = view
  const created = source.createdTime
    ? `coalesce(${words.micros(words.name(source.createdTime))}, ${longAgo})`
    : `${longAgo}`
  const struct = words.struct({
    known: words.micros(words.name(source.knownTime)),
    event: words.micros(words.name(source.eventTime)),
    created,
    value,
  })
  return [`CASE WHEN ${value} IS NOT NULL THEN ${struct} END`]
}

const aggregateSql = (
  { aggregate, column }: WindowFeature,
  { fields }: CheckedView,
  [value]: readonly string[],
  over: string,
  words: SqlWords,
): string => {
  if (value === undefined) return `count(_fact) OVER ${over}`
  const field = fields.get(column!)!
  const whole = isNumeric(field) && ["boolean", "int32", "int64"].includes(field.type)
  const sum = `CAST(sum(${whole ? `CAST(${value} AS BIGINT)` : value}) OVER ${over} AS DOUBLE)`
  switch (aggregate) {
    case "count":
      return `count(${value}) OVER ${over}`
    case "distinct":
      return words.distinctOver(value, over)
    case "sum":
      return sum
    case "mean":
    case "share":
      return `${sum} / nullif(count(${value}) OVER ${over}, 0)`
    case "min":
    case "max":
      return `CAST(${aggregate}(${value}) OVER ${over} AS DOUBLE) + 0.0`
    case "last":
      return `max(${value}) OVER ${over}`
  }
}
