import { RoadmapError } from "@roadmap/core/errors"
import { quoteIdentifier, schemaName, tableName } from "@roadmap/warehouse/identifiers"
import type { Field, FileFormat, SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import { sqlWords } from "./dialect.ts"
import { lineage } from "./schema.ts"
import type { SourceFile } from "./sources.ts"
import { fieldsOf, ifTableExists } from "./tables.ts"

export type FileChange = "new" | "changed" | "unchanged" | "removed"

/** What bronze holds of each file: the truth about what has been loaded, whatever became of a load's later steps. */
export const bronzeState = async (engine: SqlEngine, bronze: string): Promise<Map<string, string>> => {
  const table = await ifTableExists(
    engine.query(
      `SELECT ${lineage.file} AS label, max(${lineage.hash}) AS hash FROM ${tableName(bronze, engine.dialect)} GROUP BY ${lineage.file}`,
    ),
  )
  const rows = table ? rowsOf<{ label: string; hash: string }>(table) : []
  return new Map(rows.map(({ label, hash }) => [label, hash]))
}

export const changeOf = (file: SourceFile, state: ReadonlyMap<string, string>): FileChange =>
  !state.has(file.label) ? "new" : state.get(file.label) === file.contentHash ? "unchanged" : "changed"

export interface BronzeUpdate {
  engine: SqlEngine
  bronze: string
  /** New and changed files: their rows replace those of the same label. */
  arriving: readonly SourceFile[]
  /** Labels whose rows leave: removed and changed files. */
  leaving: readonly string[]
  loadedAt: Date
  signal?: AbortSignal
  onLoad?: (share: number | undefined) => void
  onPublish?: (share: number) => void
}

/**
 * Loads the arriving files beside bronze, then publishes the new bronze by one statement. A run killed before
 * that statement leaves bronze as it was; one killed after it leaves bronze as it should be.
 */
export const updateBronze = async (update: BronzeUpdate): Promise<void> => {
  const { engine, bronze, arriving, leaving, loadedAt, signal } = update
  const words = sqlWords(engine)
  const table = (name: string) => tableName(name, engine.dialect)
  const parts: { table: string; fields: readonly Field[]; where?: string; arrives: boolean }[] = []

  const kept = await fieldsOf(engine, bronze)
  if (kept)
    parts.push({
      table: bronze,
      fields: kept.filter(field => !isLineage(field.name)),
      arrives: false,
      ...(leaving.length > 0 && { where: `${lineage.file} NOT IN (${leaving.map(words.text).join(", ")})` }),
    })
  for (const format of ["parquet", "csv", "json"] as const) {
    const files = arriving.filter(file => file.format === format)
    if (files.length === 0) continue
    const staging = stagingTable(bronze, format)
    const { fields } = await engine.load(
      staging,
      {
        format,
        files: files.map(file => file.path),
        constants: {
          [lineage.file]: files.map(file => file.label),
          [lineage.hash]: files.map(file => file.contentHash),
        },
        rowNumber: lineage.row,
      },
      "replace",
      { signal, onProgress: ({ share }) => update.onLoad?.(share) },
    )
    await refuseEmptyFiles(engine, staging, files)
    parts.push({ table: staging, fields: fields.filter(field => !isLineage(field.name)), arrives: true })
  }

  const columns = unionColumns(parts.map(part => part.fields))
  const selects = parts.map(part => {
    const received = columns.map(column => sourceColumn(column, part.fields, engine))
    const loaded = part.arrives
      ? `${words.timestamp(loadedAt.toISOString().replace("T", " ").replace("Z", ""))} AS ${lineage.loadedAt}`
      : lineage.loadedAt
    const list = [...received, lineage.file, lineage.row, lineage.hash, loaded].join(", ")
    return `SELECT ${list} FROM ${table(part.table)}${part.where ? ` WHERE ${part.where}` : ""}`
  })
  await inSchema(engine, bronze)
  await engine.query(`CREATE OR REPLACE TABLE ${table(bronze)} AS ${selects.join(" UNION ALL ")}`, [], {
    signal,
    onProgress: update.onPublish,
  })
  await dropStaging(engine, bronze)
}

const dropStaging = async (engine: SqlEngine, bronze: string): Promise<void> => {
  for (const format of ["parquet", "csv", "json"] as const)
    await engine.query(`DROP TABLE IF EXISTS ${tableName(stagingTable(bronze, format), engine.dialect)}`)
}

export const inSchema = async (engine: SqlEngine, table: string): Promise<void> => {
  const schema = schemaName(table, engine.dialect)
  if (schema !== undefined) await engine.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
}

const stagingTable = (bronze: string, format: FileFormat): string => `${bronze}__arriving_${format}`

const isLineage = (name: string): boolean => (Object.values(lineage) as string[]).includes(name)

const refuseEmptyFiles = async (
  engine: SqlEngine,
  staging: string,
  files: readonly SourceFile[],
): Promise<void> => {
  const counted = await engine.query(
    `SELECT ${lineage.file} AS label FROM ${tableName(staging, engine.dialect)} GROUP BY ${lineage.file}`,
  )
  const filled = new Set(rowsOf<{ label: string }>(counted).map(({ label }) => label))
  const empty = files.find(file => !filled.has(file.label))
  if (!empty) return
  await engine.query(`DROP TABLE IF EXISTS ${tableName(staging, engine.dialect)}`)
  throw new RoadmapError("FILE_EMPTY", `${empty.path} has columns but no row.`, {
    hint: "Fetch the file again from where it came. Nothing was loaded.",
  })
}

/** The columns of all parts, by name; a column that differs in type between parts becomes text. */
const unionColumns = (parts: readonly (readonly Field[])[]): Field[] => {
  const columns = new Map<string, Field>()
  for (const field of parts.flat()) {
    const key = field.name.toLowerCase()
    const known = columns.get(key)
    columns.set(key, known ? { name: known.name, type: commonType(known, field) } : field)
  }
  return [...columns.values()]
}

const commonType = (a: Field, b: Field): Field["type"] => {
  if (a.type === b.type) return a.type
  const both = [a.type, b.type]
  return both.every(type => type === "int32" || type === "int64") ? "int64" : "string"
}

const sourceColumn = (column: Field, fields: readonly Field[], engine: SqlEngine): string => {
  const name = quoteIdentifier(column.name, engine.dialect)
  const own = fields.find(field => field.name.toLowerCase() === column.name.toLowerCase())
  if (!own) return `NULL AS ${name}`
  const text = engine.dialect === "spark" ? "STRING" : "VARCHAR"
  return column.type === "string" && own.type !== "string" ? `CAST(${name} AS ${text}) AS ${name}` : name
}
