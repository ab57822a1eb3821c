import { tableName } from "@roadmap/warehouse/identifiers"
import type { Field } from "@roadmap/warehouse/port"
import type { Check, ColumnKind, ColumnRules } from "./columns.ts"
import type { Contract } from "./contract.ts"
import type { SqlWords } from "./dialect.ts"
import { numberText } from "./figures.ts"

/**
 * A rule of the contract as SQL over the typed rows (see `typedRows`), where a column goes by its name with
 * its typed value and by `_raw_<name>` as received.
 */
export interface Rule {
  /** The name in the quarantine, such as delay_range. */
  readonly reason: string
  /** Reads after "1,204 rows have", such as "delay outside -120..2,000 minutes". */
  readonly broken: string
  readonly maxRejectShare?: number
  readonly test:
    | { readonly kind: "row"; readonly violation: string }
    | { readonly kind: "reference"; readonly value: string; readonly table: string; readonly column: string }
    | { readonly kind: "unique"; readonly columns: readonly string[] }
}

/** Every rule of a contract that rows can break, in the contract's order. */
export const rulesOf = (contract: Contract, words: SqlWords): Rule[] => {
  const rules = Object.entries(contract.columns).flatMap(([name, column]) => columnRules(name, column, words))
  for (const [reason, condition] of Object.entries(contract.rows ?? {}))
    rules.push({
      reason,
      broken: `broken the rule ${condition}`,
      test: { kind: "row", violation: `NOT (${condition})` },
    })
  if (contract.uniqueBy)
    rules.push({
      reason: "row_unique",
      broken: `the same ${contract.uniqueBy.join(", ")} as an earlier row`,
      test: { kind: "unique", columns: contract.uniqueBy },
    })
  return merged(rules)
}

/** The name under which the typed rows hold a column as it was received. */
export const rawName = (column: string): string => `_raw_${column}`

const columnRules = (name: string, column: ColumnRules, words: SqlWords): Rule[] => {
  const typed = words.name(name)
  const raw = words.name(rawName(name))
  const rules: Rule[] = []
  if (!column.nullable)
    rules.push({
      reason: `${name}_null`,
      broken: `no ${name}`,
      test: { kind: "row", violation: `${raw} IS NULL` },
    })
  if (column.kind !== "text")
    rules.push({
      reason: `${name}_type`,
      broken: `a ${name} that is no ${kindText[column.kind]}`,
      test: { kind: "row", violation: `${raw} IS NOT NULL AND ${typed} IS NULL` },
    })
  for (const check of column.checks)
    rules.push({
      ...checkRule(name, column, check, typed, words),
      ...(check.maxRejectShare !== undefined && { maxRejectShare: check.maxRejectShare }),
    })
  return rules
}

const kindText: Record<ColumnKind, string> = {
  integer: "whole number",
  number: "finite number",
  text: "text",
  boolean: "true or false",
  date: "date",
  timestamp: "date and time",
}

const checkRule = (name: string, column: ColumnRules, check: Check, typed: string, words: SqlWords): Rule => {
  const unit = column.unit ? ` ${column.unit}` : ""
  switch (check.kind) {
    case "range": {
      const { min, max } = check
      const outside =
        min !== undefined && max !== undefined
          ? `outside ${numberText(min)}..${numberText(max)}`
          : min !== undefined
            ? `below ${numberText(min)}`
            : `above ${numberText(max!)}`
      return row(`${name}_range`, `${name} ${outside}${unit}`, [
        min !== undefined && `${typed} < ${min}`,
        max !== undefined && `${typed} > ${max}`,
      ])
    }
    case "period":
      return row(
        `${name}_range`,
        `${name} ${check.since ? `before ${instantText(check.since)}` : `at or after ${instantText(check.before!)}`}`,
        [
          check.since && `${typed} < ${words.timestamp(check.since)}`,
          check.before && `${typed} >= ${words.timestamp(check.before)}`,
        ],
      )
    case "pattern":
      return row(`${name}_pattern`, `${name} unlike ${check.pattern}`, [
        `NOT ${words.matches(typed, check.pattern)}`,
      ])
    case "one_of":
      return row(`${name}_one_of`, `${name} other than ${check.values.join(", ")}`, [
        `${typed} NOT IN (${check.values.map(words.text).join(", ")})`,
      ])
    case "reference":
      return {
        reason: `${name}_reference`,
        broken: `${name} that is not in ${check.table}.${check.column}`,
        test: {
          kind: "reference",
          value: typed,
          table: tableName(check.table, words.dialect),
          column: check.column,
        },
      }
    case "unique":
      return {
        reason: `${name}_unique`,
        broken: `the same ${name} as an earlier row`,
        test: { kind: "unique", columns: [name] },
      }
  }
}

/** "2001-07-01 00:00:00.000" as "2001-07-01". */
const instantText = (instant: string): string => instant.replace(/( 00:00:00)?\.000$/, "")

const row = (reason: string, broken: string, violations: (string | false | undefined)[]): Rule => ({
  reason,
  broken,
  test: { kind: "row", violation: violations.filter(Boolean).join(" OR ") },
})

/** Two checks of one name (`since` and `before`) are one rule: a row gives each reason once. */
const merged = (rules: readonly Rule[]): Rule[] => {
  const byReason = new Map<string, Rule>()
  for (const rule of rules) {
    const earlier = byReason.get(rule.reason)
    if (earlier?.test.kind === "row" && rule.test.kind === "row")
      byReason.set(rule.reason, {
        ...earlier,
        ...rule,
        broken: `${earlier.broken} or ${rule.broken}`,
        test: { kind: "row", violation: `(${earlier.test.violation}) OR (${rule.test.violation})` },
      })
    else byReason.set(rule.reason, rule)
  }
  return [...byReason.values()]
}

/** The typed value of a bronze column; null where the received value is none of the kind. */
export const typedValue = (
  raw: string,
  kind: ColumnKind,
  received: Field["type"],
  words: SqlWords,
): string => {
  const asText = received === "string"
  switch (kind) {
    case "text":
      return asText ? raw : `CAST(${raw} AS ${words.type("text")})`
    case "integer":
      if (received === "int64") return raw
      if (!asText) return `CAST(${raw} AS BIGINT)`
      // A plain cast would round "1.5"; a trailing ".0", which many tools write, is no fraction.
      return `CASE WHEN ${words.matches(raw, "^\\s*[+-]?[0-9]+(\\.0+)?\\s*$")} THEN TRY_CAST(regexp_replace(trim(${raw}), ${words.text("\\.0+$")}, '') AS BIGINT) END`
    case "number": {
      const value = received === "float64" ? raw : `TRY_CAST(${raw} AS DOUBLE)`
      return `CASE WHEN abs(${value}) <= 1.7976931348623157e308 THEN ${value} END`
    }
    default:
      return received === kind ? raw : `TRY_CAST(${raw} AS ${words.type(kind)})`
  }
}
