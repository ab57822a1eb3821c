import { tableName } from "@roadmap/warehouse/identifiers"
import type { QueryOptions } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { checkedRows, isAccepted, type Subject } from "./checked.ts"
import { type SqlWords, sqlWords } from "./dialect.ts"
import { type Rule, rawName, rulesOf } from "./rules.ts"
import { lineage, reasonColumn } from "./schema.ts"

/** What the contract's limits and expectations are judged by. */
export interface Findings {
  readonly received: number
  readonly rejected: number
  /** Rows per reason, in the contract's order, rules that nobody broke included. */
  readonly reasons: readonly { readonly rule: Rule; readonly rows: number }[]
  /** Of all received rows: `median.delay`, `mean.delay`, `null_share.delay`. */
  readonly aggregates: Readonly<Record<string, number | null>>
  /** Newest value of the freshness column among the accepted rows; null without freshness or values. */
  readonly newest: Date | null
}

/** Counts and measures what arrived, once the quarantine is filled. */
export const measure = async (subject: Subject, options: QueryOptions): Promise<Findings> => {
  const { engine, contract, tables } = subject
  const words = sqlWords(engine)
  const quarantine = tableName(tables.quarantine, engine.dialect)
  const checked = checkedRows(subject)
  const ask = async <Row extends { [K in keyof Row]: Cell }>(sql: string): Promise<Row[]> =>
    rowsOf<Row>(await engine.query(sql, [], options))

  const wanted = Object.entries(contract.columns).flatMap(([name, column]) =>
    column.expectations.map(({ kind }) => ({ key: `${kind}.${name}`, sql: aggregate(kind, name, words) })),
  )
  const [totals] = await ask<Record<string, number | null>>(
    `SELECT ${["count(*) AS received", ...wanted.map(({ sql }, index) => `${sql} AS a${index}`)].join(", ")} FROM ${checked}`,
  )
  const [{ rejected }] = await ask<{ rejected: number }>(
    `SELECT count(*) AS rejected FROM (SELECT DISTINCT ${lineage.file}, ${lineage.row} FROM ${quarantine}) AS rejected_rows`,
  )
  const counted = await ask<{ reason: string; n: number }>(
    `SELECT ${reasonColumn} AS reason, count(*) AS n FROM ${quarantine} GROUP BY ${reasonColumn}`,
  )
  const newest = contract.freshness
    ? (
        await ask<{ newest: Date | null }>(
          `SELECT CAST(max(${words.name(contract.freshness.column)}) AS TIMESTAMP) AS newest FROM ${checked} WHERE ${isAccepted(tables, words)}`,
        )
      )[0].newest
    : null
  const rowsBy = new Map(counted.map(({ reason, n }) => [reason, n]))
  return {
    received: totals.received ?? 0,
    rejected,
    reasons: rulesOf(contract, words).map(rule => ({ rule, rows: rowsBy.get(rule.reason) ?? 0 })),
    aggregates: Object.fromEntries(wanted.map(({ key }, index) => [key, totals[`a${index}`]])),
    newest,
  }
}

const aggregate = (kind: "median" | "mean" | "null_share", name: string, words: SqlWords): string => {
  const typed = words.name(name)
  if (kind === "median") return `CAST(median(${typed}) AS DOUBLE)`
  if (kind === "mean") return `CAST(avg(${typed}) AS DOUBLE)`
  return `CAST(count(*) - count(${words.name(rawName(name))}) AS DOUBLE) / count(*)`
}
