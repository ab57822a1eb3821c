import type { Comparison, Entity, OrderBy } from "./filter.ts"

/** SQL text and its parameters, in order. Values of a user never become text. */
export interface Sql {
  text: string
  parameters: (string | number)[]
}

/** How a parsed search reads one kind of thing from its tables. Every text in it is a constant of this program. */
export interface SearchTables {
  /** Attribute name to its column, for example `runs.start_time`. */
  columns: Record<string, string>
  /** For an entity kept in a table of its own: the rows of this thing with a key. `?` stands for the key. */
  rows: Partial<
    Record<Exclude<Entity, "attribute" | "dataset">, { from: string; value: string; nan?: string }>
  >
  /** The data sets of this thing, with columns name, digest and context. */
  datasets?: string
}

/** Compiles comparisons to a condition ("1" when there are none), joined by AND. */
export const compileFilter = (comparisons: readonly Comparison[], tables: SearchTables): Sql => {
  const parts = comparisons.map(comparison => compileComparison(comparison, tables))
  return {
    text: parts.map(part => part.text).join(" and ") || "1",
    parameters: parts.flatMap(part => part.parameters),
  }
}

const compileComparison = (comparison: Comparison, tables: SearchTables): Sql => {
  const { entity, key, operator } = comparison
  if (entity === "attribute") return compare(tables.columns[key], comparison)
  if (entity === "dataset") {
    const test = compare(`datasets.${key}`, comparison)
    return { text: `exists (${tables.datasets} and ${test.text})`, parameters: test.parameters }
  }
  const { from, value, nan } = tables.rows[entity]!
  if (operator === "IS NULL") return { text: `not exists (select 1 ${from})`, parameters: [key] }
  if (operator === "IS NOT NULL") return { text: `exists (select 1 ${from})`, parameters: [key] }
  const test = compare(value, comparison)
  // NaN is unequal to everything and satisfies no other comparison (as MLflow's SQL store does).
  const withNan = nan
    ? operator === "!="
      ? `(${test.text} or ${nan})`
      : `(${test.text} and not ${nan})`
    : test.text
  return { text: `exists (select 1 ${from} and ${withNan})`, parameters: [key, ...test.parameters] }
}

const compare = (column: string, { operator, value }: Comparison): Sql => {
  if (Array.isArray(value))
    return { text: `${column} ${operator} (${value.map(() => "?").join(", ")})`, parameters: [...value] }
  const single = value as string | number
  if (operator === "LIKE") return { text: `${column} GLOB ?`, parameters: [globOf(single as string)] }
  if (operator === "ILIKE")
    return { text: `lower(${column}) GLOB lower(?)`, parameters: [globOf(single as string)] }
  return { text: `${column} ${operator} ?`, parameters: [single] }
}

/** LIKE as GLOB, because SQLite's LIKE has no regard for case and its GLOB has. */
const globOf = (like: string): string =>
  like.replace(/[*?[]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?")

/** Compiles an order; things without a value come last, NaN just before them, as in MLflow. */
export const compileOrder = (orders: readonly OrderBy[], tables: SearchTables): Sql => {
  const parts: string[] = []
  const parameters: string[] = []
  for (const { entity, key, descending } of orders) {
    const direction = descending ? "desc" : "asc"
    if (entity === "attribute") {
      parts.push(`${tables.columns[key]} is null`, `${tables.columns[key]} ${direction}`)
      continue
    }
    const { from, value, nan } = tables.rows[entity as "metric" | "param" | "tag"]!
    const missing = nan ? `case when ${nan} then 1 else 0 end` : "0"
    parts.push(`coalesce((select ${missing} ${from}), 2)`, `(select ${value} ${from}) ${direction}`)
    parameters.push(key, key)
  }
  return { text: parts.join(", "), parameters }
}
