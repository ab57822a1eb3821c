import { tableName } from "@roadmap/warehouse/identifiers"
import type { QueryOptions } from "@roadmap/warehouse/port"
import { inSchema } from "./bronze.ts"
import { checkedRows, isAccepted, type Subject } from "./checked.ts"
import { sqlWords } from "./dialect.ts"
import { lineage } from "./schema.ts"

/**
 * Publishes silver by one statement: every bronze row that is not in quarantine, typed, with its file and
 * number. The table has no order of its own: order by `_source_file, _row_number` where it matters.
 */
export const publishSilver = async (subject: Subject, options: QueryOptions): Promise<void> => {
  const { engine, contract, tables } = subject
  const words = sqlWords(engine)
  const columns = [...Object.keys(contract.columns), lineage.file, lineage.row].map(words.name)
  await inSchema(engine, tables.silver)
  await engine.query(
    `CREATE OR REPLACE TABLE ${tableName(tables.silver, engine.dialect)} AS SELECT ${columns.join(", ")} FROM ${checkedRows(subject)} WHERE ${isAccepted(tables, words)}`,
    [],
    options,
  )
}
