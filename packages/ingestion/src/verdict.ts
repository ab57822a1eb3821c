import { RoadmapError } from "@roadmap/core/errors"
import type { Contract } from "./contract.ts"
import { countText, numberText, shareText } from "./figures.ts"
import type { Findings } from "./findings.ts"
import { reasonColumn } from "./schema.ts"
import type { IngestTables } from "./tables.ts"

/** A rule and what the load found about it. */
export interface ReasonFinding {
  readonly reason: string
  readonly rows: number
  readonly share: number
  /** The rule's own limit, as a share; absent when only the contract's counts. */
  readonly maxRejectShare?: number
  /** A sentence with the figures. */
  readonly text: string
}

export interface ExpectationFinding {
  /** Such as median.delay, null_share.delay, rows. */
  readonly name: string
  readonly value: number | null
  readonly min: number
  readonly max: number
  readonly met: boolean
}

export interface Verdict {
  readonly reasons: readonly ReasonFinding[]
  readonly expectations: readonly ExpectationFinding[]
  /** Why the load is refused, a sentence each; empty when it may be published. */
  readonly refusals: readonly string[]
}

/** Judges the findings by the contract's limits. `source` is how the data is called in messages. */
export const judge = (contract: Contract, findings: Findings, source: string): Verdict => {
  const { received } = findings
  const reasons = findings.reasons.map(({ rule, rows }) => ({
    reason: rule.reason,
    rows,
    share: received === 0 ? 0 : rows / received,
    ...(rule.maxRejectShare !== undefined && { maxRejectShare: rule.maxRejectShare }),
    text: `${countOf(rows, received)} of ${source} have ${rule.broken}.`,
  }))
  const expectations = expectationsOf(contract, findings)
  return {
    reasons,
    expectations,
    refusals: [
      ...overRuleLimit(reasons, received),
      ...overContractLimit(contract, findings, reasons, source),
      ...expectations.filter(({ met }) => !met).map(expectation => unmetText(expectation, contract, source)),
    ],
  }
}

/** One sentence when the newest row is too old at `now`. */
export const staleness = (contract: Contract, newest: Date | null, now: Date): string[] => {
  if (!contract.freshness) return []
  const { column, maxAgeDays } = contract.freshness
  if (newest === null) return [`No row has a ${column}, so the age of the data is unknown.`]
  const age = (now.getTime() - newest.getTime()) / 86_400_000
  if (age <= maxAgeDays) return []
  return [
    `The newest ${column} is ${newest.toISOString()}, ${numberText(Math.floor(age * 10) / 10)} days before ${now.toISOString()}; the limit is ${countText(maxAgeDays, "day")}.`,
  ]
}

/** Throws DATA_CONTRACT with every refusal and where the rejected rows are. */
export const refuseLoad = (
  refusals: readonly string[],
  reasons: readonly ReasonFinding[],
  tables: IngestTables,
): never => {
  const worst = reasons.filter(({ rows }) => rows > 0).sort((a, b) => b.rows - a.rows)
  throw new RoadmapError(
    "DATA_CONTRACT",
    [...refusals, `Nothing was published: ${tables.silver} is as it was.`].join("\n  "),
    {
      hint:
        worst.length > 0
          ? `Look at the rows: SELECT * FROM ${tables.quarantine} WHERE ${reasonColumn} = '${worst[0].reason}'. Correct the source, or change the contract if the data is right.`
          : "Correct the source, or change the contract if the data is right.",
    },
  )
}

/** What the quarantine holds, for a summary: a line for each reason that a row gave. */
export const rejectLines = (
  reasons: readonly ReasonFinding[],
  maxRejectShare: number,
  received: number,
  quarantine: string,
): string[] => [
  ...reasons
    .filter(({ rows }) => rows > 0)
    .map(({ text, reason }) => `${text} They are in quarantine (table ${quarantine}, reason ${reason}).`),
  `The limit is ${limitText(maxRejectShare, received)}, so the load went on.`,
]

const countOf = (rows: number, received: number) => `${numberText(rows)} of ${numberText(received)} rows`

const limitText = (share: number, received: number) =>
  `${shareText(share)} (${countText(Math.floor(share * received), "row")})`

const overRuleLimit = (reasons: readonly ReasonFinding[], received: number): string[] =>
  reasons
    .filter(({ share, maxRejectShare }) => maxRejectShare !== undefined && share > maxRejectShare)
    .map(
      ({ text, reason, maxRejectShare }) =>
        `${text} The limit of ${reason} is ${limitText(maxRejectShare!, received)}.`,
    )

const overContractLimit = (
  contract: Contract,
  { rejected, received }: Findings,
  reasons: readonly ReasonFinding[],
  source: string,
): string[] => {
  if (received === 0 || rejected / received <= contract.maxRejectShare) return []
  const broken = reasons.filter(({ rows }) => rows > 0).sort((a, b) => b.rows - a.rows)
  const limit = `The limit is ${limitText(contract.maxRejectShare, received)}.`
  if (broken.length === 1) return [`${broken[0].text} ${limit}`]
  const list = broken.map(({ reason, rows }) => `${reason} ${numberText(rows)}`).join(", ")
  return [
    `${countOf(rejected, received)} of ${source} break the contract "${contract.name}": ${list}. ${limit}`,
  ]
}

const expectationsOf = (contract: Contract, { received, aggregates }: Findings): ExpectationFinding[] => {
  const found: ExpectationFinding[] = []
  const add = (name: string, value: number | null, min: number, max: number, met: boolean) =>
    found.push({ name, value, min, max, met })
  if (contract.expectRows) {
    const { min, max } = contract.expectRows
    add("rows", received, min, max, received >= min && received <= max)
  }
  for (const [column, { expectations }] of Object.entries(contract.columns))
    for (const expectation of expectations) {
      const name = `${expectation.kind}.${column}`
      const value = aggregates[name]
      if (expectation.kind === "null_share")
        add(name, value, 0, expectation.below, value !== null && value < expectation.below)
      else {
        const { min, max } = expectation
        add(name, value, min, max, value !== null && value >= min && value <= max)
      }
    }
  return found
}

const unmetText = (
  { name, value, min, max }: ExpectationFinding,
  contract: Contract,
  source: string,
): string => {
  const [kind, column] = name.split(".")
  if (kind === "rows")
    return `${source} has ${numberText(value ?? 0)} rows; expected ${numberText(min)}..${numberText(max)}.`
  if (kind === "null_share")
    return `${shareText(value ?? 0)} of ${column} in ${source} is missing; expected below ${shareText(max)}.`
  const unit = contract.columns[column].unit
  const found = value === null ? "unknown (no value)" : numberText(value)
  return `The ${kind} of ${column} in ${source} is ${found}; expected ${numberText(min)}..${numberText(max)}${unit ? ` ${unit}` : ""}. Has its unit changed?`
}
