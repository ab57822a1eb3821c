import type { Field } from "@roadmap/warehouse/port"
import type { FeatureView, WindowFeature } from "../definitions.ts"
import { isNumeric, numberSql, type SqlWords } from "./words.ts"

/** The columns that decide which of two latest facts wins when every time is equal: all of the view's, in its order. */
export const latestColumns = (view: FeatureView): string[] => [
  ...new Set(
    Object.values(view.features).flatMap(feature => (feature.kind === "latest" ? [feature.column] : [])),
  ),
]

/** Keys are compared as texts in memory: every type of key has one text a value, the same on both sides. */
export const keySql = (column: string, words: SqlWords): string => words.asText(words.name(column))

/** A latest value as it is read: numbers as they count, other types as they are. */
export const latestSql = (field: Field, words: SqlWords): string =>
  isNumeric(field) ? numberSql(field, words) : words.name(field.name)

/** What counts of an aggregate's column. */
export const valueSql = (
  { aggregate, column }: WindowFeature,
  fields: ReadonlyMap<string, Field>,
  words: SqlWords,
): string => {
  const field = fields.get(column!)!
  if (isNumeric(field)) return numberSql(field, words)
  return aggregate === "count"
    ? `CASE WHEN ${words.name(field.name)} IS NOT NULL THEN 1 END`
    : words.asText(words.name(field.name))
}
