import { RoadmapError } from "@roadmap/core/errors"
import { tableName } from "@roadmap/warehouse/identifiers"
import type { ColumnType, Field, QueryOptions, SqlEngine } from "@roadmap/warehouse/port"
import { type Cell, rowsOf } from "@roadmap/warehouse/rows"
import { type SqlWords, sqlWords } from "./dialect.ts"

export interface TableProfile {
  readonly table: string
  readonly rows: number
  readonly columns: readonly ColumnProfile[]
}

/** Plain JSON. Fields that make no sense for the type (the mean of a text) are null or empty. */
export interface ColumnProfile {
  readonly name: string
  readonly type: ColumnType
  readonly nulls: number
  /** Exact, nulls not counted. */
  readonly distinct: number
  readonly min: number | string | null
  readonly max: number | string | null
  readonly mean: number | null
  /** Standard deviation of a sample (n - 1). */
  readonly deviation: number | null
  /** Exact, interpolated between neighbours. */
  readonly quantiles: readonly { readonly probability: number; readonly value: number }[]
  /** The most frequent values, ties in order of value. Timestamps and dates as ISO text. */
  readonly top: readonly { readonly value: number | string | boolean; readonly rows: number }[]
  /** Numbers only: `edges` has one entry more than `counts`; equal widths; the last bin includes its upper edge. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] } | null
}

export interface ProfileOptions extends Pick<QueryOptions, "signal"> {
  /** Default: every column. */
  columns?: readonly string[]
  /** Default 10. */
  top?: number
  /** Default 40. */
  bins?: number
}

const probabilities = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const

/**
 * Describes a table's columns in two passes: one for counts, moments and quantiles, one for frequent values
 * and histograms. Throws TABLE_MISSING, and SCHEMA_MISMATCH for a column that is not there.
 */
export const profileTable = async (
  engine: SqlEngine,
  table: string,
  options: ProfileOptions = {},
): Promise<TableProfile> => {
  const { columns, top = 10, bins = 40, signal } = options
  const words = sqlWords(engine)
  const from = tableName(table, engine.dialect)
  const ask = async (sql: string) => engine.query(sql, [], { signal })

  const fields = chosenFields(table, (await ask(`SELECT * FROM ${from} LIMIT 0`)).fields, columns)
  const [totals] = rowsOf(
    await ask(
      `SELECT ${["count(*) AS n", ...fields.flatMap((field, index) => summaries(field, index, words))].join(", ")} FROM ${from}`,
    ),
  )
  const rows = totals.n as number
  const ranges = fields.map((field, index) => histogramRange(field, totals, index))
  const counted = rowsOf<CountedValue>(
    await ask(
      fields
        .flatMap((field, index) => [
          topValues(field, index, from, top, words),
          ...(ranges[index] ? [binCounts(field, index, from, ranges[index], bins, words)] : []),
        ])
        .join(" UNION ALL "),
    ),
  )
  return {
    table,
    rows,
    columns: fields.map((field, index): ColumnProfile => {
      const own = counted.filter(line => line.col === index)
      const range = ranges[index]
      return {
        name: field.name,
        type: field.type,
        nulls: rows - (totals[`valid_${index}`] as number),
        distinct: totals[`distinct_${index}`] as number,
        min: plain(totals[`min_${index}`]),
        max: plain(totals[`max_${index}`]),
        mean: moment(totals[`mean_${index}`]),
        deviation: moment(totals[`deviation_${index}`]),
        quantiles: isNumeric(field) ? quantilesOf(totals, index) : [],
        top: own
          .filter(line => line.what === "top")
          .sort((a, b) => b.n - a.n || a.place - b.place)
          .map(line => ({ value: topValue(field, line.label), rows: line.n })),
        histogram: range ? histogramOf(own, range, bins) : null,
      }
    }),
  }
}

interface CountedValue {
  col: number
  what: "top" | "bin"
  label: string
  place: number
  n: number
}

const chosenFields = (
  table: string,
  fields: readonly Field[],
  columns: readonly string[] | undefined,
): Field[] =>
  (columns ?? fields.map(field => field.name)).map(name => {
    const field = fields.find(candidate => candidate.name.toLowerCase() === name.toLowerCase())
    if (field) return field
    throw new RoadmapError(
      "SCHEMA_MISMATCH",
      `${table} has no column "${name}"; it has ${fields.map(each => each.name).join(", ")}.`,
    )
  })

const isNumeric = ({ type }: Field): boolean =>
  type === "int32" || type === "int64" || type === "float32" || type === "float64" || type === "decimal"

const summaries = (field: Field, index: number, words: SqlWords): string[] => {
  const name = words.name(field.name)
  const common = [`count(${name}) AS valid_${index}`, `count(DISTINCT ${name}) AS distinct_${index}`]
  if (!isNumeric(field)) return [...common, `min(${name}) AS min_${index}`, `max(${name}) AS max_${index}`]
  const value = `CAST(${name} AS DOUBLE)`
  // Of integers as they are: four times as fast as of doubles.
  const sortable = field.type === "decimal" ? value : name
  return [
    ...common,
    `min(${value}) AS min_${index}`,
    `max(${value}) AS max_${index}`,
    `avg(${value}) AS mean_${index}`,
    `stddev_samp(${value}) AS deviation_${index}`,
    ...probabilities.map(
      (_, place) =>
        `CAST(${words.quantile(sortable, probabilities, place)} AS DOUBLE) AS quantile_${index}_${place}`,
    ),
  ]
}

const quantilesOf = (totals: Record<string, Cell>, index: number) =>
  probabilities.flatMap((probability, place) => {
    const value = totals[`quantile_${index}_${place}`]
    return typeof value === "number" ? [{ probability, value }] : []
  })

/** Lowest and highest value, when there are two different finite ones. */
const histogramRange = (field: Field, totals: Record<string, Cell>, index: number) => {
  const [min, max] = [totals[`min_${index}`], totals[`max_${index}`]]
  return isNumeric(field) && Number.isFinite(min) && Number.isFinite(max) && (min as number) < (max as number)
    ? { min: min as number, max: max as number }
    : undefined
}

const topValues = (field: Field, index: number, from: string, top: number, words: SqlWords): string => {
  const name = words.name(field.name)
  return `SELECT ${index} AS col, 'top' AS what, CAST(value AS ${words.type("text")}) AS label, row_number() OVER (ORDER BY n DESC, value) AS place, n FROM (SELECT ${name} AS value, count(*) AS n FROM ${from} WHERE ${name} IS NOT NULL GROUP BY ${name} ORDER BY n DESC, value LIMIT ${top}) AS top_${index}`
}

const binCounts = (
  field: Field,
  index: number,
  from: string,
  { min, max }: { min: number; max: number },
  bins: number,
  words: SqlWords,
): string => {
  const value = `CAST(${words.name(field.name)} AS DOUBLE)`
  const bin = `CAST(least(floor((${value} - (${min})) / ${(max - min) / bins}), ${bins - 1}) AS BIGINT)`
  return `SELECT ${index} AS col, 'bin' AS what, '' AS label, bin AS place, count(*) AS n FROM (SELECT ${bin} AS bin FROM ${from} WHERE ${words.name(field.name)} IS NOT NULL) AS bins_${index} GROUP BY bin`
}

const histogramOf = (
  counted: readonly CountedValue[],
  { min, max }: { min: number; max: number },
  bins: number,
): ColumnProfile["histogram"] => {
  const counts = new Array<number>(bins).fill(0)
  for (const { what, place, n } of counted) if (what === "bin") counts[place] = n
  return { edges: Array.from({ length: bins + 1 }, (_, i) => min + ((max - min) * i) / bins), counts }
}

/** Twelve digits: the last ones depend on how threads shared the rows. */
const moment = (cell: Cell | undefined): number | null =>
  typeof cell === "number" ? Number(cell.toPrecision(12)) : null

const plain = (cell: Cell): number | string | null => {
  if (cell instanceof Date) return cell.toISOString()
  return typeof cell === "number" || typeof cell === "string" || cell === null ? cell : String(cell)
}

const topValue = (field: Field, label: string): number | string | boolean => {
  if (isNumeric(field)) return Number(label)
  if (field.type === "boolean") return label === "true"
  return field.type === "timestamp" ? new Date(`${label.replace(" ", "T")}Z`).toISOString() : label
}
