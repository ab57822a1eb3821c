import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import { bronzeState, changeOf, updateBronze } from "./bronze.ts"
import type { Subject } from "./checked.ts"
import { type Contract, contractHash } from "./contract.ts"
import { measure } from "./findings.ts"
import { type LoadIdentity, lastReceipt, recordLoad } from "./ledger.ts"
import { fillQuarantine } from "./quarantine.ts"
import type { FileReceipt, IngestReceipt } from "./receipt.ts"
import { checkSchema } from "./schema.ts"
import { publishSilver } from "./silver.ts"
import { listSource, type SourceFile } from "./sources.ts"
import { countRows, defaultTables, fieldsOf, type IngestTables } from "./tables.ts"
import { judge, refuseLoad, staleness } from "./verdict.ts"

export interface IngestOptions {
  engine: SqlEngine
  /** A file, a folder, or a glob pattern; Parquet, CSV or JSON lines by their endings. */
  source: string
  contract: Contract
  /** Default: bronze.<name>, silver.<name>, quarantine.<name>, ingestion.ledger. */
  tables?: Partial<IngestTables>
  /** The moment that freshness is measured at. Default: the clock's. */
  now?: Date
  signal?: AbortSignal
  onProgress?: (progress: IngestProgress) => void
}

export interface IngestProgress {
  readonly phase: "hash" | "load" | "bronze" | "check" | "silver"
  /** Of this phase, 0 to 1; absent where unknown. */
  readonly share?: number
}

/**
 * Brings a source into bronze, quarantine and silver under a contract. Repeating it changes nothing; after a
 * kill at any moment, the next run ends with the same tables, because each step is one atomic statement that
 * computes its table afresh from the step before, and the ledger's line comes last.
 *
 * Throws FILE_MISSING, FILE_EMPTY, FILE_CORRUPT, SCHEMA_MISMATCH before any table changes; DATA_CONTRACT with
 * bronze and quarantine filled and silver untouched; INTERRUPTED between or in statements.
 */
export const ingest = async (options: IngestOptions): Promise<IngestReceipt> => {
  const { engine, contract, signal, now = new Date(), onProgress } = options
  const started = performance.now()
  const tables = { ...defaultTables(contract.name), ...options.tables }

  onProgress?.({ phase: "hash" })
  const files = await listSource(options.source)
  const state = await bronzeState(engine, tables.bronze)
  const receipts = fileReceipts(files, state)
  const load: LoadIdentity = {
    contentHash: sha256(canonicalJson(files.map(({ label, contentHash }) => [label, contentHash]))),
    contractHash: contractHash(contract),
  }
  const changed = receipts.some(({ change }) => change !== "unchanged")
  const before = changed ? undefined : await finishedBefore(engine, tables, load)
  if (before) {
    const stale = staleness(contract, before.newest === null ? null : new Date(before.newest), now)
    if (stale.length > 0) refuseLoad(stale, [], tables)
    return { ...before, status: "unchanged", files: receipts, seconds: secondsSince(started) }
  }

  const surplusColumns = await checkFiles(engine, contract, files)
  throwIfAborted(signal)
  const loadedAt = new Date()
  await recordLoad(engine, tables, load, "started")
  if (changed)
    await updateBronze({
      engine,
      bronze: tables.bronze,
      arriving: files.filter(file => changeOf(file, state) !== "unchanged"),
      leaving: receipts
        .filter(({ change }) => change === "changed" || change === "removed")
        .map(({ label }) => label),
      loadedAt,
      signal,
      onLoad: share => onProgress?.({ phase: "load", share }),
      onPublish: share => onProgress?.({ phase: "bronze", share }),
    })

  const subject: Subject = { engine, contract, tables, bronzeFields: await bronzeFieldsOf(engine, tables) }
  await fillQuarantine(subject, { signal, onProgress: share => onProgress?.({ phase: "check", share }) })
  const findings = await measure(subject, { signal })
  const verdict = judge(contract, findings, sourceText(files))
  const receipt = (): IngestReceipt => ({
    contract: contract.name,
    status: "published",
    tables,
    files: receipts,
    ...load,
    rows: {
      received: findings.received,
      accepted: findings.received - findings.rejected,
      rejected: findings.rejected,
    },
    reasons: verdict.reasons,
    expectations: verdict.expectations,
    surplusColumns,
    newest: findings.newest?.toISOString() ?? null,
    loadedAt: loadedAt.toISOString(),
    seconds: secondsSince(started),
  })
  const refusals = [...verdict.refusals, ...staleness(contract, findings.newest, now)]
  if (refusals.length > 0) {
    await recordLoad(engine, tables, load, "refused", receipt())
    refuseLoad(refusals, verdict.reasons, tables)
  }

  await publishSilver(subject, { signal, onProgress: share => onProgress?.({ phase: "silver", share }) })
  const published = receipt()
  await recordLoad(engine, tables, load, "published", published)
  return published
}

const fileReceipts = (files: readonly SourceFile[], state: ReadonlyMap<string, string>): FileReceipt[] => {
  const present = new Set(files.map(({ label }) => label))
  const gone = [...state].filter(([label]) => !present.has(label))
  return [
    ...files.map(file => ({
      label: file.label,
      change: changeOf(file, state),
      bytes: file.bytes,
      contentHash: file.contentHash,
    })),
    ...gone.map(([label, contentHash]) => ({ label, change: "removed" as const, bytes: 0, contentHash })),
  ]
}

/** The receipt of this very load when it was the last one and its tables are still there. */
const finishedBefore = async (
  engine: SqlEngine,
  tables: IngestTables,
  load: LoadIdentity,
): Promise<IngestReceipt | undefined> => {
  const receipt = await lastReceipt(engine, tables, load)
  if (!receipt) return undefined
  const intact =
    (await countRows(engine, tables.silver)) === receipt.rows.accepted &&
    (await countRows(engine, tables.quarantine)) === receipt.reasons.reduce((sum, { rows }) => sum + rows, 0)
  return intact ? receipt : undefined
}

/** Every file's columns against the contract; returns the surplus ones. */
const checkFiles = async (
  engine: SqlEngine,
  contract: Contract,
  files: readonly SourceFile[],
): Promise<string[]> => {
  const surplus = new Set<string>()
  for (const file of files) {
    const fields = await engine.describe({ format: file.format, files: [file.path] })
    for (const name of checkSchema(contract, file, fields)) surplus.add(name)
  }
  return [...surplus]
}

const bronzeFieldsOf = async (engine: SqlEngine, tables: IngestTables): Promise<readonly Field[]> => {
  const fields = await fieldsOf(engine, tables.bronze)
  if (!fields)
    throw new RoadmapError("TABLE_MISSING", `${tables.bronze} vanished while it was being checked.`)
  return fields
}

const sourceText = (files: readonly SourceFile[]): string =>
  files.length === 1 ? files[0].label : `${files.length} files`

const secondsSince = (started: number): number => Math.round(performance.now() - started) / 1_000
