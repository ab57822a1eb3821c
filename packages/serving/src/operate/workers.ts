import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import type { Predictions } from "../model/served.ts"
import type { PoolAnswer, PoolMessage, PoolStart } from "./worker.ts"

export interface ScoringPoolOptions {
  /** A module that exports `loadModel(folder): Promise<{ predict(features): Predictions }>`; threads import it. */
  loader: URL
  /** Threads, 1 to 64. Default: one less than the cores, at least 1. They start with the first call. */
  workers?: number
  /**
   * Milliseconds one call may take once its thread is up; the thread is ended then and started anew. Default
   * 30,000.
   */
  timeoutMs?: number
}

export interface Scored {
  predictions: Predictions
  /** What the model itself took, in milliseconds. */
  ms: number
}

/** Threads that score off the event loop: one pool for all models, each thread loads a model once. */
export interface ScoringPool {
  readonly workers: number
  /**
   * Waits for an idle thread, in turn, then asks `take` for the rows: what came meanwhile can go along. Nothing
   * taken gives undefined. Rejects with what the model threw, MODEL_FORMAT, WORKER_DIED, TIMEOUT or INTERRUPTED
   * (closed).
   */
  score(folder: string, take: () => Features | undefined): Promise<Scored | undefined>
  /** Threads drop the model of this folder. */
  forget(folder: string): void
  threads(): number
  close(): Promise<void>
}

interface Job {
  readonly folder: string
  readonly take: () => Features | undefined
  readonly resolve: (scored: Scored | undefined) => void
  readonly reject: (error: RoadmapError) => void
}

interface Seat {
  worker: Worker | undefined
  ready: boolean
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
}

/** Throws INVALID_INPUT. */
export const openScoringPool = (options: ScoringPoolOptions): ScoringPool => {
  const { loader, workers = Math.max(1, availableParallelism() - 1), timeoutMs = 30_000 } = options
  if (!Number.isInteger(workers) || workers < 1 || workers > 64)
    throw new RoadmapError("INVALID_INPUT", `workers is ${workers}; it must be a whole number from 1 to 64.`)
  const seats = Array.from(
    { length: workers },
    (): Seat => ({ worker: undefined, ready: false, job: undefined, timer: undefined }),
  )
  const waiting: Job[] = []
  let closed = false

  /** Takes the job off a seat: what comes for it later is not heard. */
  const free = (seat: Seat): Job | undefined => {
    clearTimeout(seat.timer)
    seat.worker?.unref()
    const { job } = seat
    seat.job = undefined
    return job
  }
  const lose = (seat: Seat, worker: Worker, error: RoadmapError): void => {
    if (seat.worker !== worker) return
    const job = free(seat)
    seat.worker = undefined
    job?.reject(error)
    next()
  }
  const watch = (seat: Seat, worker: Worker): void => {
    const late = new RoadmapError("TIMEOUT", `The model did not answer within ${timeoutMs / 1000} s.`, {
      hint: "Send fewer rows.",
      retryable: true,
    })
    seat.timer = setTimeout(() => {
      lose(seat, worker, late)
      worker.terminate()
    }, timeoutMs)
  }
  const start = (seat: Seat): Worker => {
    const workerData: PoolStart = { loader: loader.href }
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData, name: "scoring" })
    seat.ready = false
    worker.on("message", (answer: PoolAnswer) => {
      if (seat.worker !== worker) return
      if ("ready" in answer) {
        seat.ready = true
        if (seat.job) watch(seat, worker)
        return
      }
      const job = free(seat)
      if ("error" in answer) {
        const { code, message, hint } = answer.error
        job?.reject(new RoadmapError(code as ErrorCode, message, { hint }))
      } else job?.resolve(answer)
      next()
    })
    const died = (cause: unknown) =>
      lose(
        seat,
        worker,
        new RoadmapError("WORKER_DIED", "The thread that scored this request ended in the middle.", {
          hint: "Try again; if memory was short, send fewer rows.",
          retryable: true,
          cause,
        }),
      )
    worker.once("error", died)
    worker.once("exit", code => died(new Error(`exit code ${code}`)))
    worker.unref()
    return worker
  }
  const begin = (seat: Seat, job: Job, features: Features): void => {
    seat.job = job
    seat.worker ??= start(seat)
    const { worker } = seat
    // An idle thread keeps no program alive; one with work does.
    worker.ref()
    const message: PoolMessage = { folder: job.folder, features: compact(features) }
    worker.postMessage(message)
    if (seat.ready) watch(seat, worker)
  }
  const next = (): void => {
    for (const seat of seats)
      while (seat.job === undefined) {
        const job = waiting.shift()
        if (job === undefined) return
        try {
          const features = job.take()
          if (features === undefined) job.resolve(undefined)
          else begin(seat, job, features)
        } catch (error) {
          free(seat)
          job.reject(error as RoadmapError)
        }
      }
  }

  return {
    workers,
    score: (folder, take) =>
      new Promise((resolve, reject) => {
        if (closed) throw stopped()
        waiting.push({ folder, take, resolve, reject })
        next()
      }),
    forget(folder) {
      const message: PoolMessage = { forget: folder }
      for (const { worker } of seats) worker?.postMessage(message)
    },
    threads: () => seats.filter(({ worker }) => worker !== undefined).length,
    async close() {
      closed = true
      for (const job of waiting.splice(0)) job.reject(stopped())
      await Promise.all(
        seats.map(async seat => {
          const { worker } = seat
          seat.worker = undefined
          free(seat)?.reject(stopped())
          await worker?.terminate()
        }),
      )
    },
  }
}

const stopped = () => new RoadmapError("INTERRUPTED", "The server is shutting down.")

/** A view is copied to another thread with all of what it is a view of: only its own part should travel. */
const compact = ({ rows, columns }: Features): Features => ({
  rows,
  columns: columns.map(column =>
    column.kind === "numeric"
      ? { ...column, values: own(column.values) }
      : { ...column, codes: own(column.codes) },
  ),
})

const own = <T extends Float64Array | Float32Array | Int32Array | Int16Array | Uint8Array>(values: T): T =>
  values.byteLength === values.buffer.byteLength ? values : (values.slice() as T)
