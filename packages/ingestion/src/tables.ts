import { isRoadmapError } from "@roadmap/core/errors"
import { tableName } from "@roadmap/warehouse/identifiers"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import { cellOf } from "@roadmap/warehouse/rows"

/** Where one contract's rows go, each written `schema.table`. */
export interface IngestTables {
  /** As received, with file, row number, content hash and load time. */
  readonly bronze: string
  /** Rows that keep every rule, typed. */
  readonly silver: string
  /** One row for each rule that a received row broke. */
  readonly quarantine: string
  /** One row for each load; shared by all contracts. */
  readonly ledger: string
}

export const defaultTables = (contractName: string): IngestTables => ({
  bronze: `bronze.${contractName}`,
  silver: `silver.${contractName}`,
  quarantine: `quarantine.${contractName}`,
  ledger: "ingestion.ledger",
})

/** The table's columns; undefined when it does not exist. */
export const fieldsOf = async (engine: SqlEngine, table: string): Promise<readonly Field[] | undefined> =>
  ifTableExists(
    engine.query(`SELECT * FROM ${tableName(table, engine.dialect)} LIMIT 0`).then(({ fields }) => fields),
  )

export const countRows = async (engine: SqlEngine, table: string): Promise<number | undefined> =>
  ifTableExists(
    engine
      .query(`SELECT count(*) AS n FROM ${tableName(table, engine.dialect)}`)
      .then(({ columns }) => Number(cellOf(columns[0], 0))),
  )

/** The answer, or undefined when the table it asks does not exist. */
export const ifTableExists = <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch(error => {
    if (isRoadmapError(error, "TABLE_MISSING")) return undefined
    throw error
  })
