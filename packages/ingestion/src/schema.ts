import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { ColumnType, Field } from "@roadmap/warehouse/port"
import type { ColumnKind } from "./columns.ts"
import type { Contract } from "./contract.ts"
import type { SourceFile } from "./sources.ts"

/** Columns that ingestion adds to each row it receives. */
export const lineage = {
  file: "_source_file",
  row: "_row_number",
  hash: "_content_hash",
  loadedAt: "_loaded_at",
} as const

/** The column that quarantine adds: the rule that the row broke. */
export const reasonColumn = "_reason"

/** What a column of a file may be stored as, besides text (of CSV and JSON), to be of each kind. */
const storedAs: Record<ColumnKind, readonly ColumnType[]> = {
  integer: ["int32", "int64"],
  number: ["int32", "int64", "float32", "float64", "decimal"],
  text: ["string"],
  boolean: ["boolean"],
  date: ["date"],
  timestamp: ["timestamp", "date"],
}

/**
 * Compares a file's columns with the contract, before anything is loaded. Missing columns and Parquet columns
 * of another type: SCHEMA_MISMATCH. Surplus columns are allowed: they stay in bronze. Returns their names.
 */
export const checkSchema = (contract: Contract, file: SourceFile, fields: readonly Field[]): string[] => {
  const byName = new Map(fields.map(field => [field.name.toLowerCase(), field]))
  const wanted = Object.keys(contract.columns)
  const surplus = fields.map(field => field.name).filter(name => !includesName(wanted, name))
  const missing = wanted.filter(name => !byName.has(name.toLowerCase()))
  if (missing.length > 0) throw missingColumns(file.label, missing, surplus, fields)
  const reserved = surplus.find(name => includesName([...Object.values(lineage), reasonColumn], name))
  if (reserved !== undefined)
    throw new RoadmapError(
      "SCHEMA_MISMATCH",
      `${file.label} has a column "${reserved}", a name kept for ingestion.`,
      {
        hint: "Rename the column in the source.",
      },
    )
  if (file.format === "parquet")
    for (const name of wanted) {
      const { type } = byName.get(name.toLowerCase())!
      const { kind } = contract.columns[name]
      if (!storedAs[kind].includes(type))
        throw new RoadmapError(
          "SCHEMA_MISMATCH",
          `Column "${name}" of ${file.label} is stored as ${type}; the contract "${contract.name}" says ${kind}.`,
          { hint: "Ask the sender to write the agreed type, or change the contract." },
        )
    }
  return surplus
}

const includesName = (names: readonly string[], name: string): boolean =>
  names.some(candidate => candidate.toLowerCase() === name.toLowerCase())

const missingColumns = (
  label: string,
  missing: readonly string[],
  surplus: readonly string[],
  fields: readonly Field[],
): RoadmapError => {
  const guesses = missing.flatMap(name => {
    const guesses = likelyNames(name, surplus, missing.length).map(guess => `"${guess}"`)
    return guesses.length > 0 ? [`"${name}" may now be called ${guesses.join(" or ")}`] : []
  })
  return new RoadmapError(
    "SCHEMA_MISMATCH",
    `${label} has no column ${missing.map(name => `"${name}"`).join(", ")}. ` +
      `It has ${fields.map(field => field.name).join(", ")}.` +
      (guesses.length > 0 ? ` ${guesses.join("; ")}.` : ""),
    { hint: "Ask the sender to restore the name, or change the contract. Nothing was loaded." },
  )
}

/** By spelling, else every longer or shorter form (arr_delay for delay), else the only newcomer for the only absentee. */
const likelyNames = (name: string, surplus: readonly string[], missingCount: number): string[] => {
  const spelled = nearest(name, surplus)
  if (spelled) return [spelled]
  const related = surplus.filter(candidate => {
    const [a, b] = [candidate.toLowerCase(), name.toLowerCase()]
    return a.includes(b) || b.includes(a)
  })
  if (related.length > 0) return related
  return surplus.length === 1 && missingCount === 1 ? [surplus[0]] : []
}
