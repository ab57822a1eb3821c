import { type Filter, type PlainCondition, plainConditions, type Scalar } from "../../../filter.ts"

/** A WHERE clause over the column `metadata` (jsonb), and the parameters it names from `$first` on. Throws INVALID_INPUT. */
export const filterSql = (filter: Filter | undefined, first: number): { sql: string; values: unknown[] } => {
  const values: unknown[] = []
  const bind: Bind = (value, type) => {
    values.push(value)
    return `$${first + values.length - 1}::${type}`
  }
  const clauses = plainConditions(filter ?? {}).map(([field, condition]) => clause(field, condition, bind))
  return { sql: clauses.length === 0 ? "true" : clauses.join(" and "), values }
}

type Bind = (value: unknown, type: string) => string

const clause = (field: string, condition: PlainCondition, bind: Bind): string => {
  switch (condition.kind) {
    case "in":
      if (condition.values.length === 0) return "false"
      return `(${condition.values.map(value => has(field, value, bind)).join(" or ")})`
    case "not":
      return `not ${has(field, condition.value, bind)}`
    case "range": {
      const value = `(metadata -> ${bind(field, "text")})`
      const limits = [
        ...(condition.gte === -Infinity ? [] : [` >= ${bind(condition.gte, "float8")}`]),
        ...(condition.lte === Infinity ? [] : [` <= ${bind(condition.lte, "float8")}`]),
      ]
      const within = limits.map(limit => `(${value})::float8${limit}`).join(" and ") || "true"
      return `case jsonb_typeof(${value}) when 'number' then ${within} else false end`
    }
  }
}

/**
 * The field is the value, or a list with it. Containment compares by type and value, the GIN index answers it, and its
 * statistics tell the planner whether few rows fit (that index, then a sort) or many (HNSW, going on until enough fit).
 */
const has = (field: string, value: Scalar, bind: Bind): string => {
  const [alone, listed] = [value, [value]].map(each => bind(jsonObject(field, each), "jsonb"))
  return `(metadata @> ${alone} or metadata @> ${listed})`
}

/** As JSON.stringify({ [field]: value }), also for a field named __proto__. */
const jsonObject = (field: string, value: unknown): string =>
  `{${JSON.stringify(field)}:${JSON.stringify(value)}}`
