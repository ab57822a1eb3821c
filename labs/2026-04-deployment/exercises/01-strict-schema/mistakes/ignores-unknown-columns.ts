// mistake: ignores-unknown-columns
import type { Column, Problem, Validated, Value } from "../solution.ts"

export const validate = (columns: readonly Column[], records: readonly unknown[]): Validated => {
  const accepted: Value[][] = []
  const problems: Problem[] = []

  const problemOf = (value: unknown, type: Column["type"]): Problem["problem"] | undefined => {
    if (type === "boolean" || type === "string") return typeof value === type ? undefined : "type"
    if (typeof value !== "number") return "type"
    if (!Number.isFinite(value)) return "range"
    if (type === "double") return undefined
    if (!Number.isInteger(value)) return "type"
    if (type === "long") return Number.isSafeInteger(value) ? undefined : "range"
    return value >= -2_147_483_648 && value <= 2_147_483_647 ? undefined : "range"
  }

  for (const [row, record] of records.entries()) {
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      problems.push({ row, column: null, problem: "record" })
      continue
    }
    const values: Value[] = []
    for (const { name, type, required } of columns) {
      const present = Object.hasOwn(record, name)
      const value = present ? Reflect.get(record, name) : null
      values.push(value)
      let problem: Problem["problem"] | undefined
      if (value !== null) problem = problemOf(value, type)
      else if (required) problem = present ? "null" : "missing"
      if (problem) problems.push({ row, column: name, problem })
    }
    accepted.push(values)
  }
  return problems.length > 0 ? { problems } : { accepted }
}
