import { tableName } from "@roadmap/warehouse/identifiers"
import type { QueryOptions } from "@roadmap/warehouse/port"
import { inSchema } from "./bronze.ts"
import { checkedRows, type Subject } from "./checked.ts"
import { type SqlWords, sqlWords } from "./dialect.ts"
import { type Rule, rulesOf } from "./rules.ts"
import { lineage, reasonColumn } from "./schema.ts"

/**
 * Fills the quarantine by one statement: one row for each rule that a bronze row breaks (column `_reason`),
 * with the row as received and where it came from. The rules read only the columns they need; the few rows
 * they find are then joined with bronze.
 */
export const fillQuarantine = async (subject: Subject, options: QueryOptions): Promise<void> => {
  const { engine, contract, tables, bronzeFields } = subject
  const words = sqlWords(engine)
  const table = (name: string) => tableName(name, engine.dialect)
  const rules = rulesOf(contract, words)
  const checked = checkedRows(subject)
  const found = [rowRules(rules, checked, words), ...rules.map(rule => otherRule(rule, checked, words))]
    .filter(Boolean)
    .join(" UNION ALL ")
  const received = bronzeFields.map(field => `received.${words.name(field.name)}`).join(", ")
  await inSchema(engine, tables.quarantine)
  await engine.query(
    `CREATE OR REPLACE TABLE ${table(tables.quarantine)} AS SELECT broken.${reasonColumn}, ${received} FROM (${found}) AS broken JOIN ${table(tables.bronze)} AS received ON received.${lineage.file} = broken.${lineage.file} AND received.${lineage.row} = broken.${lineage.row}`,
    [],
    options,
  )
}

const place = `${lineage.file}, ${lineage.row}`

/** Most rows break no rule, so reasons are only spelled out for those that fail the disjunction of all. */
const rowRules = (rules: readonly Rule[], checked: string, words: SqlWords): string => {
  const tests = rules.flatMap(({ reason, test }) => (test.kind === "row" ? [{ reason, ...test }] : []))
  if (tests.length === 0) return `SELECT '' AS ${reasonColumn}, ${place} FROM ${checked} WHERE 1 = 0`
  const reasons = tests.map(
    ({ reason, violation }) => `CASE WHEN ${violation} THEN ${words.text(reason)} END`,
  )
  const anyBroken = tests.map(({ violation }) => `(${violation})`).join(" OR ")
  return `SELECT ${words.splitToRows(`concat_ws(',', ${reasons.join(", ")})`)} AS ${reasonColumn}, ${place} FROM ${checked} WHERE ${anyBroken}`
}

const otherRule = ({ reason, test }: Rule, checked: string, words: SqlWords): string | undefined => {
  const reasonText = `${words.text(reason)} AS ${reasonColumn}`
  if (test.kind === "row") return undefined
  if (test.kind === "reference") {
    // Looking up each different value once; there are few of them.
    const values = `SELECT DISTINCT ${test.value} AS value FROM ${checked}`
    const unknown = `SELECT value FROM (${values}) AS found WHERE value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${test.table} AS known WHERE known.${words.name(test.column)} = found.value)`
    return `SELECT ${reasonText}, ${place} FROM ${checked} WHERE ${test.value} IN (${unknown})`
  }
  // Numbering only the rows of repeated keys: a window over all rows costs several times as much.
  const keys = test.columns.map(words.name)
  const repeated = `SELECT ${keys.join(", ")} FROM ${checked} GROUP BY ${keys.join(", ")} HAVING count(*) > 1`
  const same = keys.map(key => `checked.${key} = repeated.${key}`).join(" AND ")
  const partition = keys.map(key => `checked.${key}`).join(", ")
  const numbered = `SELECT ${place}, row_number() OVER (PARTITION BY ${partition} ORDER BY ${place}) AS occurrence FROM ${checked} JOIN (${repeated}) AS repeated ON ${same}`
  return `SELECT ${reasonText}, ${place} FROM (${numbered}) AS numbered WHERE occurrence > 1`
}
