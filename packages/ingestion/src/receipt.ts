import type { FileChange } from "./bronze.ts"
import type { IngestTables } from "./tables.ts"
import type { ExpectationFinding, ReasonFinding } from "./verdict.ts"

export interface FileReceipt {
  readonly label: string
  readonly change: FileChange
  readonly bytes: number
  readonly contentHash: string
}

/** What a load did, as plain JSON; kept in the ledger. */
export interface IngestReceipt {
  readonly contract: string
  /** "unchanged": the same files under the same contract were published before, so nothing was done now. */
  readonly status: "published" | "unchanged"
  readonly tables: IngestTables
  /** Every file of the source now, and those that left it. */
  readonly files: readonly FileReceipt[]
  /** SHA-256 over the labels and content hashes of all files: the identity of the data. */
  readonly contentHash: string
  readonly contractHash: string
  readonly rows: { readonly received: number; readonly accepted: number; readonly rejected: number }
  readonly reasons: readonly ReasonFinding[]
  readonly expectations: readonly ExpectationFinding[]
  /** Columns outside the contract: kept in bronze, absent from silver. */
  readonly surplusColumns: readonly string[]
  /** Newest value of the freshness column (ISO 8601). */
  readonly newest: string | null
  readonly loadedAt: string
  readonly seconds: number
}
