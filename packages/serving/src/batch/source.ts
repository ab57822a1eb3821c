import { existsSync } from "node:fs"
import { mkdir, rename, rm } from "node:fs/promises"
import { basename, dirname, resolve } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { syncFolder } from "@roadmap/core/files"
import { sha256File } from "@roadmap/core/hash"
import { duckdbEngine } from "@roadmap/warehouse/adapters/duckdb"
import { writeParquet } from "@roadmap/warehouse/adapters/duckdb/write-parquet"
import { quoteText, tableName, tableText } from "@roadmap/warehouse/identifiers"
import type { Field, FileFormat, SqlEngine, TableRef } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { syncFile } from "./sync-file.ts"

/** What to score: a table of the warehouse, the rows of a statement, or files. */
export type BatchSource =
  | { readonly table: TableRef }
  | { readonly sql: string }
  | { readonly files: readonly string[]; readonly format: FileFormat }

/** A source as a job remembers it: the same again means the same rows. */
export interface SourceIdentity {
  readonly kind: "table" | "sql" | "files"
  /** The table, the statement, or the files' names. */
  readonly name: string
  /** Content, by part: the whole statement's rows, or each file. */
  readonly fingerprints: Readonly<Record<string, string>>
}

/** Rows `from` to `to` (not included) of a Parquet file. */
export interface Partition {
  readonly partition: number
  readonly file: string
  readonly from: number
  readonly to: number
}

export interface PreparedSource {
  readonly fields: readonly Field[]
  /** True for CSV and JSON: every value is a text. */
  readonly textual: boolean
  readonly rows: number
  readonly partitions: readonly Partition[]
}

/** The embedded DuckDB without a file of its own: for Parquet files and for one partition. */
export const localEngine = async (
  temporaryFolder: string,
  options: { threads?: number; memoryLimit: string },
): Promise<SqlEngine> => {
  // DuckDB makes the folder when it needs it, but not the one above.
  await mkdir(dirname(temporaryFolder), { recursive: true })
  return duckdbEngine({ path: ":memory:", temporaryFolder, ...options })
}

/** Who the source is now. Reads all of it once. Throws FILE_MISSING, TABLE_MISSING, SQL_INVALID. */
export const identify = async (
  source: BatchSource,
  engine: SqlEngine | undefined,
): Promise<SourceIdentity> => {
  if ("files" in source) {
    if (source.files.length === 0) throw new RoadmapError("INVALID_INPUT", "There is no file to score.")
    const fingerprints: Record<string, string> = {}
    for (const file of source.files)
      fingerprints[resolve(file)] = await sha256File(file).catch(error => {
        throw toRoadmapError(error)
      })
    return { kind: "files", name: source.files.map(file => basename(file)).join(", "), fingerprints }
  }
  const name = "table" in source ? tableText(source.table) : source.sql
  const kind = "table" in source ? "table" : "sql"
  return { kind, name, fingerprints: { [name]: await fingerprint(engine!, statementOf(source, engine!)) } }
}

const statementOf = (source: Exclude<BatchSource, { files: unknown }>, engine: SqlEngine): string =>
  "table" in source ? `SELECT * FROM ${tableName(source.table, engine.dialect)}` : source.sql

/** Number of rows and the sum of their hashes, whatever their order. */
const fingerprint = async (engine: SqlEngine, statement: string): Promise<string> => {
  const sum =
    engine.dialect === "duckdb"
      ? "CAST(sum(CAST(hash(source) AS HUGEINT)) AS VARCHAR)"
      : "CAST(sum(CAST(xxhash64(*) AS DECIMAL(38, 0))) AS STRING)"
  const sql = `SELECT CAST(count(*) AS BIGINT) AS n, ${sum} AS s FROM (${statement}\n) source`
  const [{ n, s }] = rowsOf<{ n: number; s: string | null }>(await engine.query(sql))
  return `${n} rows, ${s ?? "empty"}`
}

/**
 * Cuts the source into partitions. Parquet files are read where they are. Rows of the warehouse, CSV and JSON are first copied
 * to `staged`, one Parquet file which appears whole: a killed job goes on with the very same rows.
 */
export const prepareSource = async (
  source: BatchSource,
  options: {
    engine?: SqlEngine
    staged: string
    partitionRows: number
    spill: string
  },
): Promise<PreparedSource> => {
  const { partitionRows, spill } = options
  const inPlace = "files" in source && source.format === "parquet"
  const files = inPlace ? source.files.map(file => resolve(file)) : [options.staged]
  await using local = await localEngine(spill, { memoryLimit: "400MB" })
  if (!inPlace && !existsSync(options.staged)) await stage(source, options.staged, { ...options, local })
  const fields = await local.describe({ format: "parquet", files: files.slice(0, 1) })
  const partitions: Partition[] = []
  let rows = 0
  for (const file of files) {
    const count = await checkedRows(local, file, fields)
    for (let from = 0; from < count; from += partitionRows)
      partitions.push({ partition: partitions.length, file, from, to: Math.min(count, from + partitionRows) })
    rows += count
  }
  // Without rows there is still a file, with the columns and nothing in them.
  if (partitions.length === 0) partitions.push({ partition: 0, file: files[0], from: 0, to: 0 })
  return { fields, textual: "files" in source && source.format !== "parquet", rows, partitions }
}

const checkedRows = async (local: SqlEngine, file: string, first: readonly Field[]): Promise<number> => {
  const fields = await local.describe({ format: "parquet", files: [file] })
  const shape = (of: readonly Field[]) => of.map(({ name, type }) => `${name} ${type}`).join(", ")
  if (shape(fields) !== shape(first))
    throw new RoadmapError(
      "SCHEMA_MISMATCH",
      `${file} has the columns ${shape(fields)}; the first file has ${shape(first)}.`,
      { hint: "Score files of one shape, or a statement that brings them together." },
    )
  const [{ n }] = rowsOf<{ n: number }>(
    await local.query(`SELECT num_rows::BIGINT AS n FROM parquet_file_metadata(${quoteText(file)})`),
  )
  return n
}

const stage = async (
  source: BatchSource,
  staged: string,
  { engine, local, spill }: { engine?: SqlEngine; local: SqlEngine; spill: string },
): Promise<void> => {
  await mkdir(dirname(staged), { recursive: true })
  const temporary = `${staged}.tmp`
  await rm(temporary, { force: true })
  const copy = (from: SqlEngine, statement: string) =>
    from.query(`COPY (${statement}\n) TO ${quoteText(temporary)} (FORMAT parquet)`)
  if ("files" in source) {
    await local.load("source", source, "replace")
    await copy(local, "SELECT * FROM source")
    await local.query("DROP TABLE source")
  } else {
    const statement = statementOf(source, engine!)
    if (engine!.dialect === "duckdb") await copy(engine!, statement)
    else {
      const { fields } = await engine!.query(`SELECT * FROM (${statement}\n) source LIMIT 0`)
      await writeParquet({ fields, batches: engine!.stream(statement) }, temporary, {
        temporaryFolder: spill,
      })
    }
  }
  syncFile(temporary)
  await rename(temporary, staged)
  syncFolder(dirname(staged))
}
