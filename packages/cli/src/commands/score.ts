import { RoadmapError } from "@roadmap/core/errors"
import { formatCount, formatNumber, formatPercent, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import {
  type BatchProgress,
  type BatchReport,
  type BatchSource,
  scoreBatch,
} from "@roadmap/serving/batch/score"
import { tableText } from "@roadmap/warehouse/identifiers"
import type { FileFormat } from "@roadmap/warehouse/port"
import type { CommandContext } from "../context.ts"
import { createLiveLine } from "../live-line.ts"

interface ScoreFlags {
  out: string
  table?: string
  sql?: string
  files?: readonly string[]
  keep?: readonly string[]
  toTable?: string
  partitionRows?: number
  workers?: number
}

/** `score`: batch scores of a table, a statement or files. Resolves to 0 also when rows were rejected: they are in the output. */
export const score = async (
  context: CommandContext,
  model: string,
  flags: ScoreFlags,
): Promise<undefined> => {
  const { config, signal } = context
  const source = sourceOf(flags)
  const line = createLiveLine(context)
  const { out, keep, toTable, partitionRows, workers } = flags
  const options = {
    model,
    source,
    out,
    ...(keep && { keep }),
    ...(toTable !== undefined && { table: toTable }),
    ...(partitionRows !== undefined && { partitionRows }),
    ...(workers !== undefined && { workers }),
  }
  let report: BatchReport
  try {
    report = await scoreBatch(config, options, { signal, onProgress: each => line.show(progressText(each)) })
  } finally {
    line.end()
  }
  context.print(report, () => describe(context, report))
}

const sourceOf = ({ table, sql, files }: ScoreFlags): BatchSource => {
  const given = [table, sql, files].filter(each => each !== undefined)
  if (given.length !== 1)
    throw new RoadmapError(
      "USAGE",
      `${given.length === 0 ? "What is to be scored?" : "Rows come from one source."}`,
      {
        hint: "Give one of --table, --sql and --files.",
      },
    )
  if (table !== undefined) return { table }
  if (sql !== undefined) return { sql }
  return { files: files!, format: formatOf(files!) }
}

const formats: Record<string, FileFormat> = {
  parquet: "parquet",
  csv: "csv",
  json: "json",
  jsonl: "json",
  ndjson: "json",
}

const formatOf = (files: readonly string[]): FileFormat => {
  const endings = [...new Set(files.map(file => /\.([a-z]+)$/i.exec(file)?.[1].toLowerCase() ?? "none"))]
  const format = formats[endings[0]]
  if (endings.length === 1 && format !== undefined) return format
  throw new RoadmapError(
    "USAGE",
    `Files of one kind can be scored together; these end in ${endings.join(", ")}.`,
    {
      hint: `Known endings: ${Object.keys(formats).join(", ")}.`,
    },
  )
}

const progressText = ({ rows, done, rejected, rowsPerSecond, secondsLeft }: BatchProgress): string =>
  [
    `${formatCount(done)} of ${formatCount(rows)} rows (${formatPercent(rows === 0 ? 1 : done / rows, { decimals: 0 })})`,
    ...(rejected > 0 ? [`${formatCount(rejected)} rejected`] : []),
    `${formatNumber(rowsPerSecond, { significant: 3 })} rows/s`,
    `${formatSeconds(secondsLeft)} left`,
  ].join(", ")

const describe = ({ colors, columns }: CommandContext, report: BatchReport): string => {
  const { rows, scored, rejected, reasons, resumed, partitions, table } = report
  const lines = [
    `${colors.green(`${formatCount(scored)} rows scored`)} by ${report.model.uri} in ${formatSeconds(report.seconds)} (${formatNumber(report.rowsPerSecond, { significant: 3 })} rows/s)`,
    `${report.out}: ${formatCount(partitions)} partitions${table === undefined ? "" : `, and the table ${tableText(table)}`}`,
  ]
  if (resumed > 0) lines.push(`${formatCount(resumed)} partitions had been done before.`)
  if (rejected === 0) return lines.join("\n")
  const shown = textTable(
    {
      columns: [{ label: "reason" }, { label: "rows", align: "right" }],
      rows: reasons.slice(0, 10).map(({ reason, rows: count }) => [reason, count]),
    },
    { width: columns },
  )
  return [
    ...lines,
    colors.yellow(
      `${formatCount(rejected)} of ${formatCount(rows)} rows rejected, whole and with their reasons in rejects/:`,
    ),
    shown,
  ].join("\n")
}
