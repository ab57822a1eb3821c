import { randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { type ErrorCode, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { createRowsBuilder, dayOf, type PredictionEntry, type RowsBuilder } from "./builder.ts"
import type { LogFile, WrittenFile } from "./worker.ts"

export interface PredictionLogOptions {
  /** Rows held in memory, those being written included; more are dropped and counted. Default 100,000. */
  capacity?: number
  /** Milliseconds after which what was recorded is written. A killed server loses no more than that. Default 10,000. */
  flushMs?: number
  /** Rows after which one version's are written before. Default 20,000. */
  flushRows?: number
  /** Milliseconds that `close` waits for the disk. Default 10,000. */
  closeMs?: number
  /** Called when rows could not be written; they are counted as lost. */
  onError?: (error: RoadmapError) => void
}

export interface PredictionLogStats {
  /** Rows taken in. */
  recorded: number
  /** Rows refused because the buffer was full. */
  dropped: number
  /** Rows in finished files. */
  written: number
  /** Rows that could not be written, or were of another form than those of their version before. */
  lost: number
  /** Rows in memory now. */
  waiting: number
  files: number
}

/**
 * Keeps what was asked and answered, for monitoring and training: Parquet files under
 * `<folder>/day=2001-06-30/model=flight-late/version=3/`, one row a predicted row, each file whole or not there.
 * `record` copies numbers and returns, a thread encodes and writes: no request fails or waits because of the log.
 */
export interface PredictionLog {
  /** False when the buffer was full: the entry is dropped and counted. */
  record(entry: PredictionEntry): boolean
  stats(): PredictionLogStats
  /** Writes what was recorded until now. */
  flush(): Promise<void>
  /** Flushes and ends. Entries that come later are dropped. */
  close(): Promise<void>
}

/** Makes the folder. Throws PERMISSION, DISK_FULL, INVALID_INPUT. */
export const openPredictionLog = async (
  folder: string,
  options: PredictionLogOptions = {},
): Promise<PredictionLog> => {
  const { capacity = 100_000, flushMs = 10_000, flushRows = 20_000, closeMs = 10_000, onError } = options
  if (!(capacity >= 1) || !(flushRows >= 1) || !(flushMs >= 1))
    throw new RoadmapError("INVALID_INPUT", "capacity, flushRows and flushMs must be 1 or more.")
  await mkdir(folder, { recursive: true }).catch(error => {
    throw toRoadmapError(error)
  })
  const stats = { recorded: 0, dropped: 0, written: 0, lost: 0, waiting: 0, files: 0 }
  const builders = new Map<string, RowsBuilder>()
  /** The last one used: most servers have one model. */
  let last: RowsBuilder | undefined
  /** As many as the last file had: arrays that grow are copied, and leave their old selves to the collector. */
  let expected = 256
  const writer = createWriter(folder, {
    done(rows) {
      stats.waiting -= rows
      stats.written += rows
      stats.files++
    },
    failed(rows, error) {
      stats.waiting -= rows
      stats.lost += rows
      onError?.(error)
    },
  })
  let closing: Promise<void> | undefined

  const builderOf = (entry: PredictionEntry): RowsBuilder => {
    const day = dayOf(entry.time)
    if (last && last.version === entry.version && last.day === day && last.model === entry.model) return last
    const key = JSON.stringify([entry.model, entry.version, day])
    const builder = builders.get(key) ?? createRowsBuilder(entry, expected)
    builders.set(key, builder)
    last = builder
    return builder
  }
  const send = (builder: RowsBuilder): void => {
    for (const [key, each] of builders) if (each === builder) builders.delete(key)
    if (last === builder) last = undefined
    expected = Math.min(builder.rows(), flushRows)
    writer.write(builder)
  }
  const sendAll = (): void => {
    for (const builder of [...builders.values()]) send(builder)
  }
  const timer = setInterval(sendAll, flushMs)
  timer.unref()

  return {
    record(entry) {
      const { rows } = entry.features
      if (closing || stats.waiting + rows > capacity) {
        stats.dropped += rows
        return false
      }
      const builder = builderOf(entry)
      try {
        builder.add(entry)
      } catch (error) {
        stats.lost += rows
        onError?.(toRoadmapError(error))
        return false
      }
      stats.recorded += rows
      stats.waiting += rows
      if (builder.rows() >= flushRows) send(builder)
      return true
    },
    stats: () => ({ ...stats }),
    async flush() {
      sendAll()
      await writer.idle()
    },
    close() {
      closing ??= (async () => {
        clearInterval(timer)
        sendAll()
        await writer.close(closeMs)
      })()
      return closing
    },
  }
}

interface Outcome {
  done(rows: number): void
  failed(rows: number, error: RoadmapError): void
}

/** Sends files to the writing thread, which starts with the first one, and anew after it died. */
const createWriter = (folder: string, outcome: Outcome) => {
  const mark = `${Date.now().toString(36)}-${process.pid}-${randomBytes(4).toString("hex")}`
  const going: number[] = []
  let worker: Worker | undefined
  let files = 0
  let waiters: (() => void)[] = []

  const settleIdle = (): void => {
    if (going.length > 0) return
    const settled = waiters
    waiters = []
    for (const resolve of settled) resolve()
    worker?.unref()
  }
  const died = (lost: Worker, cause: unknown): void => {
    if (worker !== lost) return
    worker = undefined
    const error = new RoadmapError("WORKER_DIED", "The thread that writes the prediction log ended.", {
      cause,
    })
    for (const rows of going.splice(0)) outcome.failed(rows, error)
    settleIdle()
  }
  const start = (): Worker => {
    const started = new Worker(new URL("./worker.ts", import.meta.url), { name: "prediction-log" })
    started.on("message", (answer: WrittenFile) => {
      const rows = going.shift() ?? 0
      if ("error" in answer)
        outcome.failed(rows, new RoadmapError(answer.error.code as ErrorCode, answer.error.message))
      else outcome.done(rows)
      settleIdle()
    })
    started.once("error", error => died(started, error))
    started.once("exit", code => died(started, new Error(`exit code ${code}`)))
    started.unref()
    return started
  }

  return {
    write(builder: RowsBuilder): void {
      const { model, version, day } = builder
      const content = builder.take()
      const path = join(
        folder,
        `day=${new Date(day * 86_400_000).toISOString().slice(0, 10)}`,
        `model=${encodeURIComponent(model)}`,
        `version=${version}`,
        `${mark}-${files++}.parquet`,
      )
      const message: LogFile = { path, model, version, content }
      const transfer = content.columns.flatMap(({ values }) =>
        ArrayBuffer.isView(values) ? [values.buffer as ArrayBuffer] : [],
      )
      worker ??= start()
      going.push(content.rows)
      worker.postMessage(message, transfer)
    },
    idle: (): Promise<void> =>
      new Promise(resolve => {
        // The process must not end before what it waits for.
        worker?.ref()
        waiters.push(resolve)
        settleIdle()
      }),
    async close(ms: number): Promise<void> {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, ms)
      })
      await Promise.race([this.idle(), late])
      clearTimeout(timer)
      const last = worker
      if (last && going.length > 0) died(last, new Error(`not finished within ${ms} ms`))
      worker = undefined
      await last?.terminate()
    },
  }
}
