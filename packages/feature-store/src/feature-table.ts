import { RoadmapError } from "@roadmap/core/errors"
import { tableParts } from "@roadmap/warehouse/identifiers"
import type { Dialect, Field, SqlEngine } from "@roadmap/warehouse/port"
import { type FeatureView, featureText, type KeyType } from "./definitions.ts"
import { durationMicros } from "./durations.ts"
import { scratchTable } from "./point-in-time-join.ts"
import type { Receipt } from "./receipt.ts"
import { defineFeatureService } from "./services.ts"
import { checkView } from "./sources.ts"
import { type SqlWords, sqlWords } from "./sql/words.ts"
import { outputType, writeTrainingSet } from "./written-set.ts"

/** The time column of a feature table: the moment for which a row's values hold. */
export const momentColumn = "ts"

export interface FeatureTableOptions {
  /** Moments at which every entity gets a row: from `from` on, `every` so long, up to `to`. */
  readonly from: Date
  readonly to: Date
  readonly every: string
  /**
   * Declares the table as a time series feature table of Unity Catalog: PRIMARY KEY (keys, ts TIMESERIES), comments.
   * Only Databricks knows the clause.
   */
  readonly unityCatalog?: boolean
  readonly signal?: AbortSignal
}

/**
 * Writes a view's values for all its entities on a grid of moments: the table that others join by time, and that
 * Databricks can publish to an online store. Made by the same point-in-time join as every training set. Throws as
 * pointInTimeJoin; INVALID_INPUT for a grid without a moment.
 */
export const writeFeatureTable = async (
  engine: SqlEngine,
  view: FeatureView,
  table: string,
  options: FeatureTableOptions,
): Promise<Receipt> => {
  const words = sqlWords(engine.dialect)
  const { signal } = options
  const { from, where } = await checkView(engine, view, {})
  const keys = Object.entries(view.source.keys)
  const distinct = `SELECT DISTINCT ${keys.map(([key, column]) => `${words.name(column)} AS ${words.name(key)}`).join(", ")}
    FROM ${from} WHERE ${[where, ...keys.map(([, column]) => `${words.name(column)} IS NOT NULL`)].join(" AND ")}`
  const labels = {
    from: {
      sql: `SELECT entity.*, grid.${momentColumn} FROM (${distinct}) AS entity CROSS JOIN (${gridSql(options, words)}) AS grid`,
    },
    timestamp: momentColumn,
    order: [...keys.map(([key]) => key), momentColumn],
  }
  const service = defineFeatureService({ name: `table_of_${view.name}`, views: [view] })
  const [schema, name] = tableParts(table)
  if (name !== undefined)
    await engine.query(`CREATE SCHEMA IF NOT EXISTS ${words.name(schema)}`, [], { signal })
  const computed = scratchTable("grid")
  const columns = [...keys.map(([key]) => key), momentColumn, ...Object.keys(view.features)].map(words.name)
  const select = `SELECT ${columns.join(", ")} FROM ${words.table(computed)}`
  try {
    const receipt = await writeTrainingSet(engine, service, labels, computed, {
      path: "sql",
      ...(signal && { signal }),
    })
    if (options.unityCatalog) {
      const types = await outputTypes(engine, view)
      await engine.query(featureTableDdl(view, table, types, engine.dialect), [], { signal })
      await engine.query(`INSERT OVERWRITE TABLE ${words.table(table)} ${select}`, [], { signal })
    } else await engine.query(`CREATE OR REPLACE TABLE ${words.table(table)} AS ${select}`, [], { signal })
    return receipt
  } finally {
    await engine.query(`DROP TABLE IF EXISTS ${words.table(computed)}`)
  }
}

/** The type of each feature's column, from the source as it is now. */
const outputTypes = async (engine: SqlEngine, view: FeatureView): Promise<Record<string, Field["type"]>> => {
  const checked = await checkView(engine, view, {})
  return Object.fromEntries(
    Object.entries(view.features).map(([name, feature]) => [name, outputType(feature, checked)]),
  )
}

const sqlTypes: Record<Exclude<Field["type"], "decimal">, string> = {
  boolean: "BOOLEAN",
  int32: "INT",
  int64: "BIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  date: "DATE",
  timestamp: "TIMESTAMP",
  string: "STRING",
}

/**
 * CREATE TABLE of a time series feature table (https://docs.databricks.com/aws/en/machine-learning/feature-store/time-series):
 * keys and moment NOT NULL, a primary key with TIMESERIES, each feature's definition as its comment.
 */
export const featureTableDdl = (
  view: FeatureView,
  table: string,
  types: Readonly<Record<string, Field["type"]>>,
  dialect: Dialect,
): string => {
  const words = sqlWords(dialect)
  const keys: [string, KeyType][] = Object.entries(view.entity.keys)
  const column = (name: string, type: string, rest: string) => `  ${words.name(name)} ${type} ${rest}`
  const columns = [
    ...keys.map(([key, type]) => column(key, sqlTypes[type], "NOT NULL")),
    column(momentColumn, "TIMESTAMP", "NOT NULL"),
    ...Object.entries(view.features).map(([name, feature]) =>
      column(name, sqlTypes[types[name] as "float64"], `COMMENT ${words.text(featureText(feature))}`),
    ),
  ]
  const key = [...keys.map(([name]) => words.name(name)), `${words.name(momentColumn)} TIMESERIES`].join(", ")
  const properties = {
    "roadmap.view": view.name,
    "roadmap.version": view.version,
    "roadmap.owner": view.owner,
  }
  return `CREATE TABLE IF NOT EXISTS ${words.table(table)} (
${columns.join(",\n")},
  CONSTRAINT ${words.name(`${view.name}_key`)} PRIMARY KEY (${key})
)
COMMENT ${words.text(view.description)}
TBLPROPERTIES (${Object.entries(properties)
    .map(([name, value]) => `${words.text(name)} = ${words.text(value)}`)
    .join(", ")})`
}

const gridSql = ({ from, to, every }: FeatureTableOptions, words: SqlWords): string => {
  const step = durationMicros(every)
  const first = from.getTime() * 1_000
  const steps = Math.floor((to.getTime() * 1_000 - first) / step)
  if (!(steps >= 0))
    throw new RoadmapError(
      "INVALID_INPUT",
      `There is no moment from ${from.toISOString()} to ${to.toISOString()}.`,
    )
  const numbers =
    words.dialect === "spark"
      ? `SELECT id AS n FROM range(0, ${steps + 1})`
      : `SELECT range AS n FROM range(0, ${steps + 1})`
  return `SELECT ${words.momentOf(`${first} + n * ${step}`)} AS ${momentColumn} FROM (${numbers}) AS numbers`
}
