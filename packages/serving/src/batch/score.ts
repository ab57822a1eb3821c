import { mkdir } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { dirname, join, resolve } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"
import { lockFile } from "@roadmap/core/lock-file"
import { nearest } from "@roadmap/core/names"
import { openRegistry } from "@roadmap/model-registry/open"
import { openWarehouse } from "@roadmap/warehouse/open"
import type { Field, SqlEngine, TableRef } from "@roadmap/warehouse/port"
import { loadServedModel, type ServedModel } from "../model/served.ts"
import { readingsOf } from "./inputs.ts"
import {
  checkSameJob,
  type DonePartition,
  type Job,
  type Manifest,
  manifestOf,
  type ReasonCount,
} from "./manifest.ts"
import {
  beginJob,
  checkFiles,
  clearWork,
  type OutputFolder,
  outputFolder,
  readDone,
  readFinished,
  readJob,
  readManifest,
  show,
  sweepTemporary,
  writeManifest,
} from "./output.ts"
import { type BatchSource, identify, prepareSource } from "./source.ts"
import { scoreOnThreads } from "./threads.ts"

export type { Manifest } from "./manifest.ts"
export type { BatchSource } from "./source.ts"

export interface BatchOptions {
  /** `flight-late@champion`, `flight-late/3`, or `flight-late` for its latest version. */
  model: string
  source: BatchSource
  /** A folder that does not exist yet, or the one of the same job. */
  out: string
  /** Columns of the source to write beside the predictions. Default: those that are no inputs of the model. */
  keep?: readonly string[]
  /** A table of the warehouse that takes the scores too; what it held is replaced. */
  table?: TableRef
  /** Default 122,880: a row group of DuckDB's Parquet files. */
  partitionRows?: number
  /** Scoring threads. Default: one a core. */
  workers?: number
}

export interface BatchProgress {
  rows: number
  done: number
  rejected: number
  /** Of this run, without what an earlier one had done. */
  rowsPerSecond: number
  secondsLeft: number
}

export interface BatchReport {
  model: { name: string; version: number; uri: string; digest: string }
  /** Folder of the scores, with `manifest.json`. */
  out: string
  /** Absent when none was asked for. */
  table?: TableRef
  rows: number
  scored: number
  rejected: number
  reasons: readonly ReasonCount[]
  partitions: number
  /** Partitions that an earlier, cut-short run had done; all of them when there was nothing left to do. */
  resumed: number
  seconds: number
  rowsPerSecond: number
  /** Processor time of this process, all its threads, while it scored. */
  cpuSeconds: number
  manifest: Manifest
}

export interface BatchControl {
  signal?: AbortSignal
  onProgress?: (progress: BatchProgress) => void
}

/**
 * Scores every row of the source once, by partition on all cores, and shows the output whole: Parquet files with the kept
 * columns and the model's outputs, `rejects/` with the rows that could not be scored and why, `manifest.json`. The same
 * call after a kill goes on where it was; after the end it changes nothing. Throws SCHEMA_MISMATCH when the source does not
 * fit the model, IMMUTABLE when the folder holds a job with another model version, source, or form, STATE_LOCKED when another
 * process is at it, and what the registry, the warehouse and the disk throw.
 */
export const scoreBatch = async (
  config: Config,
  options: BatchOptions,
  { signal, onProgress }: BatchControl = {},
): Promise<BatchReport> => {
  const started = performance.now()
  const cpu = process.cpuUsage()
  const folder = outputFolder(resolve(options.out))
  await using open = new AsyncDisposableStack()
  await mkdir(dirname(folder.out), { recursive: true }).catch(error => {
    throw toRoadmapError(error)
  })
  open.use(lockJob(config, folder))
  const registry = await openRegistry(config, { signal })
  open.defer(() => registry.close())
  const model = await loadServedModel(registry, options.model)
  open.defer(() => model.close())
  const needsWarehouse = !("files" in options.source) || options.table !== undefined
  const engine = needsWarehouse ? open.use(await openWarehouse(config, { memoryLimit: "400MB" })) : undefined
  const scoring: Scoring = { options, folder, model, engine, signal, onProgress }
  const { manifest, resumed } = await scoreOrResume(scoring)
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const { name, version, uri, digest } = model
  return {
    model: { name, version, uri, digest },
    out: folder.out,
    ...(options.table !== undefined && { table: options.table }),
    rows: manifest.rows,
    scored: manifest.scored,
    rejected: manifest.rejected,
    reasons: manifest.reasons,
    partitions: manifest.partitions.length,
    resumed,
    seconds,
    rowsPerSecond: manifest.rows / seconds,
    cpuSeconds: (user + system) / 1e6,
    manifest,
  }
}

interface Scoring extends BatchControl {
  readonly options: BatchOptions
  readonly folder: OutputFolder
  readonly model: ServedModel
  readonly engine: SqlEngine | undefined
}

interface Finished {
  manifest: Manifest
  resumed: number
}

const scoreOrResume = async (scoring: Scoring): Promise<Finished> => {
  const { options, folder, model, engine, signal } = scoring
  const { partitionRows = defaultPartitionRows } = options
  if (!Number.isInteger(partitionRows) || partitionRows < 1)
    throw new RoadmapError("INVALID_INPUT", `Partitions of ${partitionRows} rows are none.`)
  const shown = await readManifest(folder.out)
  const finished = shown ?? (await readFinished(folder))
  const begun = finished ?? (await readJob(folder))
  const source = await identify(options.source, engine)
  throwIfAborted(signal)
  const jobOf = (keep: readonly string[]): Job => ({
    format: 1,
    model: { name: model.name, version: model.version, digest: model.digest },
    source,
    keep,
    partitionRows,
  })
  const place = shown ? folder.out : folder.partial
  // Before anything is written: with what is known without the source's columns.
  if (begun) checkSameJob(place, begun, jobOf(options.keep ?? begun.keep))
  if (finished) {
    await checkFiles(place, finished)
    await fillTable(scoring, place, finished)
    if (!shown) await show(folder)
    return { manifest: finished, resumed: finished.partitions.length }
  }
  if (!begun) await clearWork(folder)
  await sweepTemporary(folder)
  const scored = await scoreRows(scoring, jobOf, begun !== undefined)
  // The table first: both steps may be repeated after a kill, and the folder's name is the last thing to change.
  await fillTable(scoring, folder.partial, scored.manifest)
  await show(folder)
  return scored
}

/** A row group of DuckDB's Parquet files. */
const defaultPartitionRows = 122_880

/** Scores the partitions that are not done yet, and writes the manifest. */
const scoreRows = async (
  scoring: Scoring,
  jobOf: (keep: readonly string[]) => Job,
  begun: boolean,
): Promise<Finished> => {
  const { options, folder, model, engine, signal } = scoring
  const { partitionRows = defaultPartitionRows, workers = availableParallelism() } = options
  const { prepared, readings, keep } = await prepare(options.source, {
    engine,
    staged: folder.staged,
    spill: folder.spill,
    partitionRows,
    model,
    asked: options.keep,
  }).catch(async error => {
    if (!begun) await clearWork(folder)
    throw error
  })
  throwIfAborted(signal)
  const job = jobOf(keep)
  if (!begun) await beginJob(folder, job)
  const before = await readDone(folder)
  const isDone = new Set(before.map(({ partition }) => partition))
  const left = prepared.partitions.filter(({ partition }) => !isDone.has(partition))
  const done = [...before]
  const report = progressOf(prepared.rows, before, scoring.onProgress)
  await scoreOnThreads(
    {
      modelFolder: model.folder,
      identity: { name: model.name, version: model.version },
      spill: folder.spill,
      memoryLimit: "150MB",
      work: { partial: folder.partial, readings, keep },
    },
    left,
    {
      workers,
      signal,
      onDone(partition) {
        done.push(partition)
        report(partition)
      },
    },
  )
  const manifest = manifestOf(
    job,
    done.sort((a, b) => a.partition - b.partition),
  )
  await writeManifest(folder, manifest)
  return { manifest, resumed: before.length }
}

const prepare = async (
  source: BatchSource,
  options: Parameters<typeof prepareSource>[1] & { model: ServedModel; asked: readonly string[] | undefined },
) => {
  const { model, asked } = options
  const prepared = await prepareSource(source, options)
  return {
    prepared,
    readings: readingsOf(model, prepared.fields, prepared.textual),
    keep: keptColumns(asked, prepared.fields, model),
  }
}

/** One atomic load, in the place of what the table held. */
const fillTable = async (
  { options, engine, signal }: Scoring,
  folder: string,
  { partitions }: Manifest,
): Promise<void> => {
  if (options.table === undefined) return
  const files = partitions.map(({ file }) => join(folder, file))
  await engine!.load(options.table, { format: "parquet", files }, "replace", { signal })
}

/** Throws UNKNOWN_NAME, and INVALID_INPUT for a column that would stand beside an output of its name. */
const keptColumns = (
  asked: readonly string[] | undefined,
  fields: readonly Field[],
  model: ServedModel,
): readonly string[] => {
  const names = fields.map(({ name }) => name)
  const inputs = new Set(model.inputs.map(({ name }) => name))
  const keep = asked ?? names.filter(name => !inputs.has(name))
  for (const name of keep) {
    if (names.includes(name)) continue
    const guess = nearest(name, names)
    throw new RoadmapError("UNKNOWN_NAME", `The source has no column "${name}" to keep.`, {
      hint: guess ? `Did you mean "${guess}"?` : `It has ${names.join(", ")}.`,
    })
  }
  const outputs = model.signature.outputs.map(({ name }) => (name ?? "prediction").toLowerCase())
  const clash = keep.find(name => outputs.includes(name.toLowerCase()))
  if (clash !== undefined)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The column "${clash}" has the name of an output of ${model.uri}.`,
      {
        hint: "Rename it in the statement you score, or keep other columns.",
      },
    )
  return keep
}

const progressOf = (
  rows: number,
  before: readonly DonePartition[],
  onProgress: BatchControl["onProgress"],
): ((done: DonePartition) => void) => {
  const started = performance.now()
  let done = before.reduce((sum, { from, to }) => sum + to - from, 0)
  let rejected = before.reduce((sum, partition) => sum + partition.rejected, 0)
  let now = 0
  return partition => {
    const size = partition.to - partition.from
    done += size
    now += size
    rejected += partition.rejected
    const rowsPerSecond = (now * 1_000) / (performance.now() - started)
    onProgress?.({ rows, done, rejected, rowsPerSecond, secondsLeft: (rows - done) / rowsPerSecond })
  }
}

const lockJob = (config: Config, { out }: OutputFolder): Disposable =>
  lockFile(join(config.home, "state", "batch", `${sha256(out).slice(0, 16)}.lock`), {
    waitMs: 0,
    busy: `Another process is scoring into ${out}.`,
    hint: "Wait until it ends, or give another output folder.",
  })
