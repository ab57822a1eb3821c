import { type DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api"
import { throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { checkBatch, checkSameNames } from "../../batches.ts"
import { quoteIdentifier, tableName, tableParts, tableText } from "../../identifiers.ts"
import type {
  BatchSource,
  Field,
  FileSource,
  LoadMode,
  LoadOptions,
  LoadReceipt,
  TableRef,
} from "../../port.ts"
import { duckdbError } from "./errors.ts"
import { describeJson, selectsOfFiles } from "./files.ts"
import { describe, execute } from "./statement.ts"
import { sqlType, writeChunk } from "./write-vectors.ts"

/** What reads the files, and its columns. */
export const readingOf = async (
  connection: DuckDBConnection,
  source: FileSource,
): Promise<{ select: string; fields: Field[] }> => {
  const selects = await selectsOfFiles(source, async path => {
    const fields = await describe(connection, describeJson(path)).catch(fileCorrupt([path]))
    return fields.map(field => field.name)
  })
  const select = selects.map(each => `(${each})`).join(" UNION ALL BY NAME ")
  return { select, fields: await describe(connection, select).catch(fileCorrupt(source.files)) }
}

/** Loads files by one CREATE or INSERT statement, which DuckDB makes atomic by itself. */
export const loadFiles = async (
  connection: DuckDBConnection,
  table: TableRef,
  source: FileSource,
  mode: LoadMode,
): Promise<LoadReceipt> => {
  const { select, fields } = await readingOf(connection, source)
  await createSchema(connection, table)
  const target = tableName(table)
  const existing = mode === "append" ? await fieldsOf(connection, table) : undefined
  if (existing) checkSameNames(tableText(table), existing, fields)
  const statement = existing
    ? `INSERT INTO ${target} BY NAME ${select}`
    : `CREATE ${mode === "replace" ? "OR REPLACE " : ""}TABLE ${target} AS ${select}`
  const done = await execute(connection, statement).catch(fileCorrupt(source.files))
  return { rows: await countOf(done), fields }
}

/** Loads batches through DuckDB's appender, inside one transaction. */
export const loadBatches = async (
  connection: DuckDBConnection,
  table: TableRef,
  source: BatchSource,
  mode: LoadMode,
  options: LoadOptions,
): Promise<LoadReceipt> => {
  const { fields } = source
  if (fields.length === 0) throw new RoadmapError("INVALID_INPUT", "A load needs at least one field.")
  const definition = fields.map(field => `${quoteIdentifier(field.name)} ${sqlType(field)}`).join(", ")
  await createSchema(connection, table)
  await connection.run("BEGIN TRANSACTION")
  try {
    const existing = mode === "append" ? await fieldsOf(connection, table) : undefined
    let rows: number
    if (existing) {
      checkSameNames(tableText(table), existing, fields)
      await connection.run(`CREATE OR REPLACE TEMPORARY TABLE ${arriving} (${definition})`)
      rows = await append(connection, ["temp", "main", arriving], source, options)
      await connection.run(`INSERT INTO ${tableName(table)} BY NAME SELECT * FROM temp.main.${arriving}`)
      await connection.run(`DROP TABLE temp.main.${arriving}`)
    } else {
      await connection.run(`CREATE OR REPLACE TABLE ${tableName(table)} (${definition})`)
      const [schema, name] =
        tableParts(table).length === 2 ? tableParts(table) : ["main", tableParts(table)[0]]
      rows = await append(connection, [undefined, schema, name!], source, options)
    }
    throwIfAborted(options.signal)
    await connection.run("COMMIT")
    return { rows, fields }
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => undefined)
    throw error
  }
}

/** Holds the batches of an append until one INSERT casts them to the table's types. */
const arriving = "arriving_batches"

const append = async (
  connection: DuckDBConnection,
  [catalog, schema, name]: [string | undefined, string, string],
  { fields, batches }: BatchSource,
  { signal, onProgress }: LoadOptions,
): Promise<number> => {
  const appender = await connection.createAppender(name, schema, catalog)
  let rows = 0
  try {
    const types = fields.map((_, index) => appender.columnType(index))
    for await (const batch of batches) {
      throwIfAborted(signal)
      checkBatch(fields, batch)
      for (let from = 0; from < batch.rows; from += vectorSize) {
        const chunk = DuckDBDataChunk.create(types)
        writeChunk(chunk, batch, from, Math.min(batch.rows, from + vectorSize))
        appender.appendDataChunk(chunk)
      }
      rows += batch.rows
      onProgress?.({ rows })
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
  return rows
}

/** Rows of a DuckDB vector, the most an appended chunk can hold. */
const vectorSize = 2_048

const createSchema = async (connection: DuckDBConnection, table: TableRef): Promise<void> => {
  const [schema, name] = tableParts(table)
  if (name !== undefined) await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`)
}

const fieldsOf = (connection: DuckDBConnection, table: TableRef): Promise<Field[] | undefined> =>
  describe(connection, `SELECT * FROM ${tableName(table)}`).catch(error => {
    const coded = duckdbError(error, { databasePath: tableText(table) })
    if (isRoadmapError(coded, "TABLE_MISSING")) return undefined
    throw coded
  })

const countOf = async (statement: Awaited<ReturnType<typeof execute>>): Promise<number> => {
  const batch = await statement.next()
  return Number(batch?.columns[0]?.values[0] ?? 0)
}

/** What goes wrong while a file is read is the file's fault, unless the disk, the user or a lock is. */
export const fileCorrupt =
  (files: readonly string[]) =>
  (error: unknown): never => {
    const coded = duckdbError(error, { databasePath: "The warehouse" })
    if (!["SQL_FAILED", "STATE_CORRUPT", "SQL_INVALID"].includes(coded.code)) throw coded
    const named =
      files.find(path => coded.message.includes(path)) ?? (files.length === 1 ? files[0] : undefined)
    throw new RoadmapError(
      "FILE_CORRUPT",
      `${named ?? "A file"} cannot be read: ${reasonOf(error, coded.message)}`,
      {
        hint: "Fetch the file again from where it came.",
        cause: error,
      },
    )
  }

/** DuckDB's CSV errors tell the line first and what is wrong with it in the third line. */
const reasonOf = (error: unknown, message: string): string => {
  const lines = error instanceof Error ? error.message.split("\n") : []
  const csvLine = /CSV Error on Line: (\d+)/.exec(lines[0] ?? "")?.[1]
  return csvLine ? `line ${csvLine}: ${lines[2]}` : message
}
