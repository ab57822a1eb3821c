import { randomUUID } from "node:crypto"
import { throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { checkBatch, checkSameNames } from "../../batches.ts"
import { quoteIdentifier, schemaName, tableName, tableText } from "../../identifiers.ts"
import type {
  BatchSource,
  ColumnBatch,
  Field,
  FileSource,
  LoadMode,
  LoadOptions,
  LoadReceipt,
  LoadSource,
  SqlEngine,
  TableRef,
} from "../../port.ts"
import { openFiles } from "../duckdb/read-files.ts"
import type { Connection } from "./connect.ts"
import { stageInVolume } from "./volume.ts"
import { noRows, type RowsSelect, rowSelects, sparkType } from "./write-rows.ts"

export interface Loading {
  readonly query: SqlEngine["query"]
  readonly connection: Connection
  readonly temporaryFolder: string
  readonly volume?: string
}

/** Rows that are where the warehouse can read them, and nobody else looks. */
export interface Staged {
  readonly rows: number
  /** Gives the rows with their fields' types. */
  readonly select: string
  discard(): Promise<unknown>
}

/** Characters of one INSERT. A warehouse takes 16 MiB; beyond a few there is little to gain. */
const statementLimit = 4 * 2 ** 20

export const describeFiles = async (
  source: FileSource,
  options: { temporaryFolder: string },
): Promise<readonly Field[]> => {
  const files = await openFiles(source, options)
  files.close()
  return files.fields
}

/** Files are read on this machine, by the embedded engine, and sent like batches. */
export const loadSource = async (
  loading: Loading,
  table: TableRef,
  source: LoadSource,
  mode: LoadMode,
  options: LoadOptions,
): Promise<LoadReceipt> => {
  if (!("files" in source)) return loadBatches(loading, table, source, mode, options)
  const files = await openFiles(source, loading)
  try {
    const { fields } = files
    return await loadBatches(
      loading,
      table,
      { fields, batches: files.batches(options.signal) },
      mode,
      options,
    )
  } finally {
    files.close()
  }
}

const loadBatches = async (
  loading: Loading,
  table: TableRef,
  source: BatchSource,
  mode: LoadMode,
  options: LoadOptions,
): Promise<LoadReceipt> => {
  const { query } = loading
  const { signal } = options
  const { fields } = source
  if (fields.length === 0) throw new RoadmapError("INVALID_INPUT", "A load needs at least one field.")
  const schema = schemaName(table, "spark")
  if (schema !== undefined) await query(`CREATE SCHEMA IF NOT EXISTS ${schema}`, [], { signal })
  const existing = mode === "append" ? await fieldsOf(query, table, signal) : undefined
  if (existing) checkSameNames(tableText(table), existing, fields)

  const arriving = { fields, batches: checked(fields, source.batches, options) }
  const staged = loading.volume
    ? await stageInVolume({ ...loading, volume: loading.volume }, arriving, signal)
    : await stageInTable(loading, stagingOf(table), arriving, signal)
  try {
    throwIfAborted(signal)
    await query(publication(tableName(table, "spark"), staged.select, fields, existing, mode), [], { signal })
  } finally {
    await staged.discard()
  }
  return { rows: staged.rows, fields }
}

/**
 * What the publishing statement reads: the rows themselves when one statement holds them, else a table beside the
 * target that holds them all.
 */
const stageInTable = async (
  { query }: Loading,
  staging: string,
  { fields, batches }: BatchSource,
  signal: AbortSignal | undefined,
): Promise<Staged> => {
  const nothing = async () => undefined
  const selects = rowSelects(fields, batches, statementLimit)
  const first = await selects.next()
  if (first.done) return { rows: 0, select: noRows(fields), discard: nothing }
  const second = await selects.next()
  if (second.done) return { rows: first.value.rows, select: first.value.sql, discard: nothing }
  const discard = () => query(`DROP TABLE IF EXISTS ${staging}`)
  try {
    await query(`CREATE TABLE ${staging}${properties(fields)} AS ${first.value.sql}`, [], { signal })
    let rows = first.value.rows
    for (let next: IteratorResult<RowsSelect> = second; !next.done; next = await selects.next()) {
      await query(`INSERT INTO ${staging} ${next.value.sql}`, [], { signal })
      rows += next.value.rows
    }
    return { rows, select: `SELECT * FROM ${staging}`, discard }
  } catch (error) {
    // The first failure is the one to tell; a table that stays is only litter.
    await discard().catch(() => undefined)
    throw error
  }
}

/** The one statement that changes the target. An append casts to the table's types by name, as the port says. */
const publication = (
  target: string,
  select: string,
  fields: readonly Field[],
  existing: readonly Field[] | undefined,
  mode: LoadMode,
): string => {
  if (!existing)
    return `CREATE ${mode === "replace" ? "OR REPLACE " : ""}TABLE ${target}${properties(fields)} AS ${select}`
  const names = existing.map(field => quoteIdentifier(field.name, "spark"))
  const values = existing.map((field, index) => `CAST(${names[index]} AS ${sparkType(field)})`)
  return `INSERT INTO ${target} (${names.join(", ")}) SELECT ${values.join(", ")} FROM (${select}) AS arriving`
}

/** Delta takes names with spaces and the like only where columns are mapped to plain names in the files. */
const properties = (fields: readonly Field[]): string =>
  fields.some(field => /[ ,;{}()\n\t=]/.test(field.name))
    ? " TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"
    : ""

/** In the target's schema, under a name that nobody else takes. A load that is killed leaves it behind. */
const stagingOf = (table: TableRef): string => {
  const name = quoteIdentifier(`arriving_${randomUUID().replaceAll("-", "")}`, "spark")
  const schema = schemaName(table, "spark")
  return schema === undefined ? name : `${schema}.${name}`
}

async function* checked(
  fields: readonly Field[],
  batches: BatchSource["batches"],
  { signal, onProgress }: LoadOptions,
): AsyncGenerator<ColumnBatch> {
  let rows = 0
  for await (const batch of batches) {
    throwIfAborted(signal)
    checkBatch(fields, batch)
    yield batch
    rows += batch.rows
    onProgress?.({ rows })
  }
}

const fieldsOf = (
  query: SqlEngine["query"],
  table: TableRef,
  signal: AbortSignal | undefined,
): Promise<readonly Field[] | undefined> =>
  query(`SELECT * FROM ${tableName(table, "spark")} LIMIT 0`, [], { signal }).then(
    ({ fields }) => fields,
    (error: unknown) => {
      if (isRoadmapError(error, "TABLE_MISSING")) return undefined
      throw error
    },
  )
