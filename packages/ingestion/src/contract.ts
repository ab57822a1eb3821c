import { RoadmapError } from "@roadmap/core/errors"
import { canonicalJson, sha256 } from "@roadmap/core/hash"
import { type ColumnBuilder, type ColumnRules, checkShare } from "./columns.ts"

/** What a source must be like to become a table: the agreement between those who send data and those who use it. */
export interface Contract {
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnRules>>
  readonly uniqueBy?: readonly string[]
  readonly rows?: RowRules
  readonly freshness?: Freshness
  readonly expectRows?: { readonly min: number; readonly max: number }
  readonly maxRejectShare: number
}

/** Reason -> a SQL condition over the contract's columns that each row must fulfil, such as "origin <> destination". */
export type RowRules = Readonly<Record<string, string>>

/** The newest value of a column may be at most so many days old. */
export interface Freshness {
  readonly column: string
  readonly maxAgeDays: number
}

export interface ContractDefinition {
  /** Also the name of the tables: `bronze.<name>`, `silver.<name>`, `quarantine.<name>`. */
  name: string
  columns: Record<string, ColumnBuilder>
  /** No two rows alike in all these columns: all but the first go to quarantine, reason `row_unique`. */
  uniqueBy?: readonly string[]
  rows?: RowRules
  freshness?: Freshness
  /** How many rows the whole source may have, ends included. */
  expectRowsBetween?: readonly [min: number, max: number]
  /** Share of the rows, 0 to 1, that may go to quarantine before the whole load is refused. Default 0. */
  maxRejectShare?: number
}

/** Checks the definition and makes it plain data. Throws INVALID_INPUT for a contract that contradicts itself. */
export const defineContract = (definition: ContractDefinition): Contract => {
  const { name, expectRowsBetween, uniqueBy, rows, freshness, maxRejectShare = 0 } = definition
  const columns = Object.fromEntries(
    Object.entries(definition.columns).map(([column, builder]) => [column, builder.rules]),
  )
  const names = Object.keys(columns)
  for (const identifier of [name, ...names, ...Object.keys(rows ?? {})])
    if (!/^[a-z][a-z0-9_]*$/i.test(identifier))
      refuse(name, `"${identifier}" is no plain name (letters, digits and underscores, a letter first)`)
  if (names.length === 0) refuse(name, "it has no column")
  for (const used of [...(uniqueBy ?? []), ...(freshness ? [freshness.column] : [])])
    if (!names.includes(used)) refuse(name, `it names the column "${used}", which it does not define`)
  if (freshness && !["date", "timestamp"].includes(columns[freshness.column].kind))
    refuse(
      name,
      `freshness needs a date or timestamp; ${freshness.column} is ${columns[freshness.column].kind}`,
    )
  if (freshness && !(freshness.maxAgeDays >= 0)) refuse(name, "the age in its freshness is no number of days")
  if (expectRowsBetween && !(expectRowsBetween[0] <= expectRowsBetween[1]))
    refuse(name, `it expects ${expectRowsBetween.join("..")} rows, which is no range`)
  checkShare(maxRejectShare)
  return {
    name,
    columns,
    maxRejectShare,
    ...(uniqueBy && { uniqueBy }),
    ...(rows && { rows }),
    ...(freshness && { freshness }),
    ...(expectRowsBetween && { expectRows: { min: expectRowsBetween[0], max: expectRowsBetween[1] } }),
  }
}

/** Changes whenever a rule does, so that a new contract is applied to files already loaded. */
export const contractHash = (contract: Contract): string => sha256(canonicalJson(contract))

const refuse = (name: string, problem: string): never => {
  throw new RoadmapError("INVALID_INPUT", `The contract "${name}" cannot be used: ${problem}.`)
}
