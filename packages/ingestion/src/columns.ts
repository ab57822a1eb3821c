import { RoadmapError } from "@roadmap/core/errors"

export type ColumnKind = "integer" | "number" | "text" | "boolean" | "date" | "timestamp"

/** One column of a contract, as data. */
export interface ColumnRules {
  readonly kind: ColumnKind
  readonly nullable: boolean
  readonly unit?: string
  readonly checks: readonly Check[]
  readonly expectations: readonly ColumnExpectation[]
}

/** A rule that each row keeps or breaks. `maxRejectShare` limits how many rows may break this one rule. */
export type Check = { readonly maxRejectShare?: number } & (
  | { readonly kind: "range"; readonly min?: number; readonly max?: number }
  | { readonly kind: "period"; readonly since?: string; readonly before?: string }
  | { readonly kind: "pattern"; readonly pattern: string }
  | { readonly kind: "one_of"; readonly values: readonly string[] }
  | { readonly kind: "reference"; readonly table: string; readonly column: string }
  | { readonly kind: "unique" }
)

/** A rule on the column as a whole; breaking it stops the load. */
export type ColumnExpectation =
  | { readonly kind: "median" | "mean"; readonly min: number; readonly max: number }
  | { readonly kind: "null_share"; readonly below: number }

export interface RuleLimit {
  /** Share of all rows (0 to 1) that may break this rule before the load is refused. Default: only the contract's own limit. */
  maxRejectShare?: number
}

interface AnyColumn {
  readonly rules: ColumnRules
  /** Nulls are allowed. Without this, a null is a reason for quarantine. */
  nullable(): this
  /** The unit, for messages and documentation. */
  unit(name: string): this
  /** No value twice: all rows but the first (by file and row number) go to quarantine. Nulls do not count. */
  unique(limit?: RuleLimit): this
  /** Share of nulls among all received rows, 0 to 1. */
  expectNullShareBelow(share: number): this
}

export interface NumberColumn extends AnyColumn {
  /** Both ends are inside. */
  between(min: number, max: number, limit?: RuleLimit): this
  atLeast(min: number, limit?: RuleLimit): this
  atMost(max: number, limit?: RuleLimit): this
  /** Of all values received, also those that break a rule: a change of unit shows here first. */
  expectMedianBetween(min: number, max: number): this
  expectMeanBetween(min: number, max: number): this
}

export interface TextColumn extends AnyColumn {
  /** A regular expression without flags that both RE2 and Java know; it may match anywhere unless anchored. */
  pattern(expression: RegExp, limit?: RuleLimit): this
  oneOf(values: readonly string[], limit?: RuleLimit): this
  /** The value occurs in a column of another table of the warehouse, written `schema.table`. */
  references(table: string, column: string, limit?: RuleLimit): this
}

export interface TimeColumn extends AnyColumn {
  /** At or after this UTC date or date and time (ISO 8601). */
  since(instant: string, limit?: RuleLimit): this
  /** Strictly before it. */
  before(instant: string, limit?: RuleLimit): this
}

export type ColumnBuilder = AnyColumn

/** A whole number; text such as "12" counts, "12.5" does not. 64-bit in silver. */
export const integer = (): NumberColumn => build({ ...blank, kind: "integer" })
/** A finite number, double precision in silver. */
export const number = (): NumberColumn => build({ ...blank, kind: "number" })
export const text = (): TextColumn => build({ ...blank, kind: "text" })
export const boolean = (): AnyColumn => build({ ...blank, kind: "boolean" })
export const date = (): TimeColumn => build({ ...blank, kind: "date" })
/** UTC, microseconds. */
export const timestamp = (): TimeColumn => build({ ...blank, kind: "timestamp" })

const blank = { nullable: false, checks: [], expectations: [] }

const build = (rules: ColumnRules): NumberColumn & TextColumn & TimeColumn => {
  const withCheck = (check: Check) => {
    checkShare(check.maxRejectShare)
    return build({ ...rules, checks: [...rules.checks, check] }) as never
  }
  const withExpectation = (expectation: ColumnExpectation) =>
    build({ ...rules, expectations: [...rules.expectations, expectation] }) as never
  return {
    rules,
    nullable: () => build({ ...rules, nullable: true }) as never,
    unit: unit => build({ ...rules, unit }) as never,
    unique: limit => withCheck({ kind: "unique", ...limit }),
    between: (min, max, limit) => {
      checkOrder(min, max)
      return withCheck({ kind: "range", min, max, ...limit })
    },
    atLeast: (min, limit) => {
      checkOrder(min, min)
      return withCheck({ kind: "range", min, ...limit })
    },
    atMost: (max, limit) => {
      checkOrder(max, max)
      return withCheck({ kind: "range", max, ...limit })
    },
    since: (instant, limit) => withCheck({ kind: "period", since: utc(instant), ...limit }),
    before: (instant, limit) => withCheck({ kind: "period", before: utc(instant), ...limit }),
    pattern: (expression, limit) => {
      if (expression.flags !== "")
        refuse(`The pattern ${expression} has flags, which SQL engines do not share.`)
      return withCheck({ kind: "pattern", pattern: expression.source, ...limit })
    },
    oneOf: (values, limit) => {
      if (values.length === 0) refuse("oneOf needs at least one value.")
      return withCheck({ kind: "one_of", values, ...limit })
    },
    references: (table, column, limit) => withCheck({ kind: "reference", table, column, ...limit }),
    expectMedianBetween: (min, max) => {
      checkOrder(min, max)
      return withExpectation({ kind: "median", min, max })
    },
    expectMeanBetween: (min, max) => {
      checkOrder(min, max)
      return withExpectation({ kind: "mean", min, max })
    },
    expectNullShareBelow: below => {
      checkShare(below)
      return withExpectation({ kind: "null_share", below })
    },
  }
}

const refuse = (message: string): never => {
  throw new RoadmapError("INVALID_INPUT", message)
}

const checkOrder = (min: number, max: number): void => {
  if (!(Number.isFinite(min) && Number.isFinite(max) && min <= max))
    refuse(`A range needs two finite numbers in order; ${min}..${max} is none.`)
}

/** Throws INVALID_INPUT unless the share is absent or within 0 and 1. */
export const checkShare = (share: number | undefined): void => {
  if (share !== undefined && !(share >= 0 && share <= 1)) refuse(`A share is from 0 to 1; ${share} is none.`)
}

/** "2001-07-01" as "2001-07-01 00:00:00.000", the form of a SQL literal. */
const utc = (instant: string): string => {
  const parsed = new Date(/^\d{4}-\d\d-\d\d$/.test(instant) ? `${instant}T00:00:00Z` : instant)
  const explicit = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(instant)
  const exists = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(instant.slice(0, 10))
  if (!explicit || !exists) refuse(`"${instant}" is no UTC date such as 2001-07-01 or 2001-07-01T06:00Z.`)
  return parsed.toISOString().replace("T", " ").replace("Z", "")
}
