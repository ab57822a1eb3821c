import { randomBytes } from "node:crypto"
import { collectColumns } from "@roadmap/warehouse/collect"
import type { Field, SqlEngine } from "@roadmap/warehouse/port"
import { checkLabels, type Labels, labelsFrom } from "./labels.ts"
import type { JoinPath, Receipt } from "./receipt.ts"
import type { FeaturePick } from "./services.ts"
import { type CheckedPick, checkView, type SourceScope, sourceFigures, sourceWarnings } from "./sources.ts"
import { joinSql, rowColumn } from "./sql/join.ts"
import { sqlWords } from "./sql/words.ts"
import { type JoinedColumns, sweepJoin } from "./sweep/join.ts"
import type { Values } from "./values.ts"

export interface JoinOptions extends SourceScope {
  /** Default: "sweep" on DuckDB, "sql" elsewhere. */
  readonly path?: JoinPath
  /** Label columns that on-demand features read, besides `labels.columns`. */
  readonly request?: readonly string[]
  /** What lies after it is in the future. Default: the clock. */
  readonly now?: Date
  readonly signal?: AbortSignal
}

export type JoinReceipt = Pick<Receipt, "rows" | "path" | "asOf" | "sources" | "warnings">

/**
 * For every label row, in the labels' order, the features as they were known at its time, by the rules stated in
 * definitions.ts: exactly one row out for each row in; duplicates, null keys and unknown entities stay.
 *
 * Throws TABLE_MISSING; SCHEMA_MISMATCH for missing columns and other types; INVALID_INPUT for names in the way, and
 * for an as-of time on a source without a created time. What is odd but possible is a warning in the receipt: windows
 * longer than the history, times in the future, facts known before they happen.
 */
export const pointInTimeJoin = async (
  engine: SqlEngine,
  picks: readonly FeaturePick[],
  labels: Labels,
  options: JoinOptions = {},
): Promise<JoinedColumns & { receipt: JoinReceipt }> => {
  const { path = engine.dialect === "duckdb" ? "sweep" : "sql", asOf, signal } = options
  const prepared = await prepareJoin(engine, picks, labels, options)
  const columns = [...new Set([...(labels.columns ?? []), ...(options.request ?? [])])]
  const joined =
    path === "sweep"
      ? await sweepJoin(engine, prepared.picks, labels, prepared.fields, { columns, asOf, signal })
      : await collectSql(engine, prepared, labels, columns, options)
  return { ...joined, receipt: { rows: joined.rows, path, ...(asOf && { asOf }), ...prepared.found } }
}

export interface PreparedJoin {
  readonly picks: readonly CheckedPick[]
  /** Of the labels. */
  readonly fields: readonly Field[]
  readonly found: Pick<Receipt, "sources" | "warnings">
}

/** Checks everything before any work is done, and looks at the sources. */
export const prepareJoin = async (
  engine: SqlEngine,
  picks: readonly FeaturePick[],
  labels: Labels,
  options: JoinOptions,
): Promise<PreparedJoin> => {
  const { asOf, instead, now = new Date(), request = [] } = options
  const fields = await checkLabels(engine, labels, picks, { request, ...(asOf && { asOf }) })
  const views = new Map(picks.map(({ view }) => [view.version, view]))
  const checked = await Promise.all(
    [...views.values()].map(view =>
      checkView(engine, view, { ...(asOf && { asOf }), ...(instead && { instead }) }),
    ),
  )
  const sources = []
  for (const view of checked) sources.push(await sourceFigures(engine, view, now.getTime() * 1_000))
  return {
    picks: picks.map(pick => ({
      pick,
      checked: checked.find(({ view }) => view.version === pick.view.version)!,
    })),
    fields,
    found: { sources, warnings: sourceWarnings(picks, sources) },
  }
}

/** Runs `work` with the labels numbered: a table of its own where the engine may compute a subquery twice. */
export const withNumberedLabels = async <T>(
  engine: SqlEngine,
  labels: Labels,
  { asOf, signal }: Pick<JoinOptions, "asOf" | "signal">,
  work: (numbered: { from: string; before: string }) => Promise<T>,
): Promise<T> => {
  const words = sqlWords(engine.dialect)
  const order = labels.order?.length ? `ORDER BY ${labels.order.map(words.name).join(", ")}` : ""
  const numbered = `SELECT row_number() OVER (${order}) - 1 AS ${rowColumn}, * FROM ${labelsFrom(labels, engine.dialect, asOf)}`
  if (engine.dialect === "duckdb")
    return work({ from: "numbered_labels", before: `WITH numbered_labels AS MATERIALIZED (${numbered})` })
  const scratch = words.table(scratchTable("labels"))
  await engine.query(`CREATE SCHEMA IF NOT EXISTS ${words.name(scratchSchema)}`, [], { signal })
  try {
    await engine.query(`CREATE TABLE ${scratch} AS ${numbered}`, [], { signal })
    return await work({ from: scratch, before: "" })
  } finally {
    await engine.query(`DROP TABLE IF EXISTS ${scratch}`)
  }
}

const scratchSchema = "feature_store"
/** Tables that live as long as one call; a name nobody else has. */
export const scratchTable = (what: string): string =>
  `${scratchSchema}.${what}_${randomBytes(6).toString("hex")}`

const collectSql = (
  engine: SqlEngine,
  prepared: PreparedJoin,
  labels: Labels,
  columns: readonly string[],
  options: JoinOptions,
): Promise<JoinedColumns> =>
  withNumberedLabels(engine, labels, options, async ({ from, before }) => {
    const words = sqlWords(engine.dialect)
    const select = joinSql(prepared.picks, { from, timestamp: labels.timestamp, columns }, words)
    const features = prepared.picks.flatMap(({ pick }) => pick.features.map(({ as }) => as))
    const isText = new Set([
      ...prepared.fields.filter(({ type }) => type === "string").map(({ name }) => name),
      ...prepared.picks.flatMap(textFeatures),
    ])
    const collected: Record<string, unknown> = await collectColumns(
      engine,
      `${before} ${select} ORDER BY label.${rowColumn}`,
      {
        columns: Object.fromEntries(
          [rowColumn, ...columns, ...features].map(name => [name, isText.has(name) ? "category" : "float64"]),
        ),
        ...(options.signal && { signal: options.signal }),
      },
    )
    const chosen = (names: readonly string[]) =>
      Object.fromEntries(names.map(name => [name, collected[name] as Values]))
    return {
      rows: (collected[rowColumn] as Float64Array).length,
      features: chosen(features),
      labels: chosen(columns),
    }
  })

const textFeatures = ({ pick, checked }: CheckedPick): string[] =>
  pick.features.flatMap(({ feature: name, as }) => {
    const feature = pick.view.features[name]
    return feature.kind === "latest" && checked.fields.get(feature.column)!.type === "string" ? [as] : []
  })
