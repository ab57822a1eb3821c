import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { createFeatures, type FeatureColumn, type Features } from "@roadmap/ml/features"
import { type CollectAs, collectColumns } from "@roadmap/warehouse/collect"
import { quoteIdentifier, quoteText } from "@roadmap/warehouse/identifiers"
import type { Column, Field, SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"
import type { Predictions, ServedModel } from "../model/served.ts"
import { type InputReading, reasonSql } from "./inputs.ts"
import { type DonePartition, joinReasons, type ReasonCount } from "./manifest.ts"
import { partName, placeFile, recordDone, temporaryFile } from "./output.ts"
import type { Partition } from "./source.ts"

/** What every partition of a job needs. Plain data, for threads. */
export interface PartitionWork {
  readonly partial: string
  readonly readings: readonly InputReading[]
  readonly keep: readonly string[]
}

/**
 * Scores one partition and makes it done: reads the inputs as numbers, predicts, and lets DuckDB write the kept columns and
 * the predictions side by side, so that no other column passes through JavaScript. Rows that cannot be scored go to
 * a file of their own, whole, with the reason. Throws what reading, the model and the disk throw.
 */
export const scorePartition = async (
  engine: SqlEngine,
  model: ServedModel,
  work: PartitionWork,
  partition: Partition,
): Promise<DonePartition> => {
  const { file, from, to } = partition
  const rows = `SELECT *, ${reasonSql(work.readings)} AS ${reasonColumn} FROM read_parquet(${quoteText(file)}, file_row_number = true) WHERE file_row_number >= ${from} AND file_row_number < ${to}`
  const good = `(${rows}) source WHERE ${reasonColumn} IS NULL`
  const features = await readFeatures(engine, work.readings, good)
  const { columns, refusals } = await predictRows(model, features)
  await loadPredictions(engine, features.rows, columns, refusals)

  // A source may have a column of an output's name, which is then not kept.
  const kept = work.keep.map(name => `source.${quoteIdentifier(name)}`)
  const outputs = columns.map(({ name }) => `${predictions}.${quoteIdentifier(name)}`)
  const joined = (select: string, where: string) =>
    `SELECT ${select} FROM (SELECT * FROM ${good}) source POSITIONAL JOIN ${predictions} WHERE ${where}`
  const written = await temporaryFile(work.partial)
  const scored = await copy(
    engine,
    joined([...kept, ...outputs].join(", "), refusals.size > 0 ? `${refusedColumn} IS NULL` : "true"),
    written,
  )
  if (scored + refusals.size !== features.rows)
    throw new RoadmapError(
      "INTERNAL",
      `Partition ${partition.partition} has ${features.rows} rows and ${scored} were written.`,
    )
  const rejected = to - from - scored
  const placed = await placeFile(work.partial, written, `${partName(partition.partition)}.parquet`)
  const done = {
    partition: partition.partition,
    from,
    to,
    rows: scored,
    ...placed,
    modelVersion: model.version,
    rejected,
  }
  if (rejected === 0) return finish(work, { ...done, reasons: [] })

  const bad = `SELECT * EXCLUDE (file_row_number, ${reasonColumn}), ${reasonColumn} AS reject_reason FROM (${rows}) source WHERE ${reasonColumn} IS NOT NULL`
  const refused = joined(
    `source.* EXCLUDE (file_row_number, ${reasonColumn}), ${refusedColumn} AS reject_reason`,
    `${refusedColumn} IS NOT NULL`,
  )
  const all = refusals.size > 0 ? `${bad} UNION ALL BY NAME ${refused}` : bad
  const rejects = await temporaryFile(work.partial)
  const count = await copy(engine, all, rejects)
  if (count !== rejected)
    throw new RoadmapError(
      "INTERNAL",
      `Partition ${partition.partition} lost ${rejected - count} rejected rows.`,
    )
  const reasons = await reasonsOf(engine, rejects)
  return finish(work, {
    ...done,
    reasons,
    rejects: await placeFile(work.partial, rejects, `rejects/${partName(partition.partition)}.parquet`),
  })
}

const predictions = "predictions"
const reasonColumn = "__reason__"
const refusedColumn = "__refused__"

const finish = async (work: PartitionWork, done: DonePartition): Promise<DonePartition> => {
  await recordDone(work.partial, done)
  return done
}

const readFeatures = async (
  engine: SqlEngine,
  readings: readonly InputReading[],
  from: string,
): Promise<Features> => {
  const select = readings.map(({ value }, i) => `${value} AS i${i}`).join(", ")
  const columns: Record<string, CollectAs> = Object.fromEntries(
    readings.map(({ form }, i) => [`i${i}`, form]),
  )
  const collected = await collectColumns(engine, `SELECT ${select} FROM ${from}`, { columns })
  return createFeatures(
    readings.map(({ name, categories }, i): FeatureColumn => {
      const values = collected[`i${i}`] as Float64Array
      return categories === undefined
        ? { name, kind: "numeric", values }
        : { name, kind: "categorical", codes: values as unknown as Int32Array, categories }
    }),
  )
}

interface Predicted {
  readonly columns: Predictions["columns"]
  /** Row to why the model refused it. Its values mean nothing. */
  readonly refusals: ReadonlyMap<number, string>
}

/** All rows at once; when the model refuses them, halves of them, down to the rows that are at fault. */
const predictRows = async (model: ServedModel, features: Features): Promise<Predicted> => {
  const refusals = new Map<number, string>()
  const outputs = model.signature.outputs.map(({ name }) => name ?? "prediction")
  const columns = outputs.map(name => ({ name, values: new Float64Array(features.rows) }))
  const score = async (from: number, to: number): Promise<void> => {
    if (from === to) return
    try {
      const part = from === 0 && to === features.rows ? features : rowsOfFeatures(features, from, to)
      const predicted = await model.predict(part)
      for (const [i, { values }] of predicted.columns.entries()) columns[i].values.set(values, from)
    } catch (error) {
      if (!isRoadmapError(error, "INVALID_INPUT")) throw error
      if (to - from === 1) {
        refusals.set(from, error.message.replace(/ at row 0\b/, ""))
        return
      }
      const middle = (from + to) >>> 1
      await score(from, middle)
      await score(middle, to)
    }
  }
  await score(0, features.rows)
  return { columns, refusals }
}

const rowsOfFeatures = (features: Features, from: number, to: number): Features => ({
  rows: to - from,
  columns: features.columns.map(column =>
    column.kind === "numeric"
      ? { ...column, values: column.values.subarray(from, to) }
      : { ...column, codes: column.codes.subarray(from, to) },
  ),
})

const loadPredictions = async (
  engine: SqlEngine,
  rows: number,
  outputs: Predictions["columns"],
  refusals: ReadonlyMap<number, string>,
): Promise<void> => {
  const columns: Column[] = outputs.map(({ name, values }) => ({ name, type: "float64", values }))
  if (refusals.size > 0) {
    const values = Array.from({ length: rows }, (_, row) => refusals.get(row) ?? "")
    const valid = Uint8Array.from(values, (_, row) => (refusals.has(row) ? 1 : 0))
    columns.push({ name: refusedColumn, type: "string", values, valid })
  }
  const fields = columns.map(({ name, type }): Field => ({ name, type }))
  await engine.load(predictions, { fields, batches: [{ rows, columns }] }, "replace")
}

/** Rows that were written. */
const copy = async (engine: SqlEngine, statement: string, path: string): Promise<number> => {
  const done = await engine.query(`COPY (${statement}) TO ${quoteText(path)} (FORMAT parquet)`)
  return Number(done.columns[0].values[0])
}

const reasonsOf = async (engine: SqlEngine, rejects: string): Promise<ReasonCount[]> => {
  const counted = await engine.query(
    `SELECT reject_reason AS reason, count(*)::BIGINT AS rows FROM read_parquet(${quoteText(rejects)}) GROUP BY ALL ORDER BY rows DESC LIMIT 50`,
  )
  return joinReasons([rowsOf<{ reason: string; rows: number }>(counted)])
}
