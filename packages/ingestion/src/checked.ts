import { tableName } from "@roadmap/warehouse/identifiers"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import type { Contract } from "./contract.ts"
import { type SqlWords, sqlWords } from "./dialect.ts"
import { rawName, typedValue } from "./rules.ts"
import { lineage } from "./schema.ts"
import type { IngestTables } from "./tables.ts"

/** What is checked by what, and where the answers go. */
export interface Subject {
  engine: SqlEngine
  contract: Contract
  tables: IngestTables
  bronzeFields: readonly Field[]
}

/**
 * Bronze with each contract column twice, typed under its name and as received under `_raw_<name>`, beside the
 * row's file and number. A subquery named `checked`, not a CTE: DuckDB would hold a CTE that is used twice in
 * memory, all rows of it.
 */
export const checkedRows = ({ engine, contract, tables, bronzeFields }: Subject): string => {
  const words = sqlWords(engine)
  const byName = new Map(bronzeFields.map(field => [field.name.toLowerCase(), field]))
  const columns = Object.entries(contract.columns).flatMap(([name, { kind }]) => {
    const field = byName.get(name.toLowerCase())!
    const raw = words.name(field.name)
    return [
      `${typedValue(raw, kind, field.type, words)} AS ${words.name(name)}`,
      `${raw} AS ${words.name(rawName(name))}`,
    ]
  })
  const list = [...columns, lineage.file, lineage.row].join(", ")
  return `(SELECT ${list} FROM ${tableName(tables.bronze, words.dialect)}) AS checked`
}

/** True for a checked row that quarantine does not hold. */
export const isAccepted = (tables: IngestTables, words: SqlWords): string =>
  `NOT EXISTS (SELECT 1 FROM ${tableName(tables.quarantine, words.dialect)} AS rejected WHERE rejected.${lineage.file} = checked.${lineage.file} AND rejected.${lineage.row} = checked.${lineage.row})`
