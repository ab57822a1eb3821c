import { quoteText, tableName } from "@roadmap/warehouse/identifiers"
import type { Column, Field, SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import type { IngestReceipt } from "./receipt.ts"
import { type IngestTables, ifTableExists } from "./tables.ts"

/** What makes two loads the same. */
export interface LoadIdentity {
  readonly contentHash: string
  readonly contractHash: string
}

export type LoadStatus = "started" | "published" | "refused"

const fields: readonly Field[] = [
  { name: "silver", type: "string" },
  { name: "status", type: "string" },
  { name: "content_hash", type: "string" },
  { name: "contract_hash", type: "string" },
  { name: "recorded_at", type: "timestamp" },
  { name: "receipt", type: "string" },
]

/**
 * Appends a line about a load. It says "started" before the first table changes and "published" or "refused"
 * after the last one, so a load that was killed in between is known by its missing end.
 */
export const recordLoad = async (
  engine: SqlEngine,
  tables: IngestTables,
  load: LoadIdentity,
  status: LoadStatus,
  receipt?: IngestReceipt,
): Promise<void> => {
  const values = [
    tables.silver,
    status,
    load.contentHash,
    load.contractHash,
    clockMicros(),
    JSON.stringify(receipt ?? {}),
  ]
  const columns = fields.map(({ name }, index): Column => {
    const value = values[index]
    return typeof value === "bigint"
      ? { name, type: "timestamp", values: BigInt64Array.of(value) }
      : { name, type: "string", values: [value] }
  })
  await engine.load(tables.ledger, { fields, batches: [{ rows: 1, columns }] }, "append")
}

/** The receipt of the last load of this silver table, when it was this load and was published. */
export const lastReceipt = async (
  engine: SqlEngine,
  tables: IngestTables,
  load: LoadIdentity,
): Promise<IngestReceipt | undefined> => {
  const found = await ifTableExists(
    engine.query(
      `SELECT status, content_hash, contract_hash, receipt FROM ${tableName(tables.ledger, engine.dialect)} WHERE silver = ${quoteText(tables.silver, engine.dialect)} ORDER BY recorded_at DESC LIMIT 1`,
    ),
  )
  const last = found && rowsOf<LedgerLine>(found)[0]
  const same =
    last?.status === "published" &&
    last.content_hash === load.contentHash &&
    last.contract_hash === load.contractHash
  return same ? (JSON.parse(last.receipt) as IngestReceipt) : undefined
}

interface LedgerLine {
  status: LoadStatus
  content_hash: string
  contract_hash: string
  receipt: string
}

/** Microseconds, so that two lines of one load are in order. */
const clockMicros = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1_000))
