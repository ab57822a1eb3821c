import { availableParallelism } from "node:os"
import { Worker } from "node:worker_threads"
import { throwIfAborted } from "@roadmap/core/async"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { type FoldOutcome, type FoldTask, runFold } from "./fold-task.ts"
import type { LabelledRows } from "./holdout.ts"
import { shareFold, shareRows } from "./rows.ts"
import type { WorkerAnswer, WorkerStart, WorkerTask } from "./worker.ts"

export interface RunControl {
  /** Called after each tree of boosting with validation rows; true stops the fit, which rejects with INTERRUPTED. */
  readonly onLoss?: (tree: number, loss: number) => boolean
  readonly signal?: AbortSignal
}

/** Fits folds of one set of rows. Dispose of it in every case: that ends its threads at once. */
export interface FoldRunner extends AsyncDisposable {
  readonly workers: number
  /** The worker threads that are up; none when fits run in the calling thread. */
  threads(): readonly Worker[]
  /** Waits for its turn, then fits. Rejects with what the fit threw, WORKER_DIED, or INTERRUPTED. */
  run(task: FoldTask, control?: RunControl): Promise<FoldOutcome>
}

/** Most workers that do not stand in each other's way. */
export const defaultWorkers = (tasks: number): number => Math.max(1, Math.min(availableParallelism(), tasks))

/**
 * One worker fits in the calling thread (boosting then takes threads of its own); more are worker threads
 * over shared memory, one fold each at a time. Outcomes are the same. Throws INVALID_INPUT.
 */
export const openRunner = (rows: LabelledRows, workers: number): FoldRunner => {
  if (!Number.isInteger(workers) || workers < 1 || workers > 64)
    throw new RoadmapError("INVALID_INPUT", `workers is ${workers}; it must be a whole number from 1 to 64.`)
  return workers === 1 ? localRunner(rows) : threadedRunner(shareRows(rows), workers)
}

/** One fit at a time, in order: two that take turns would only hold more memory. */
const localRunner = (rows: LabelledRows): FoldRunner => {
  let last: Promise<unknown> = Promise.resolve()
  return {
    workers: 1,
    threads: () => [],
    run(task, { onLoss, signal } = {}) {
      const next = last.then(async () => {
        await new Promise(setImmediate)
        throwIfAborted(signal)
        let stopped = false
        return runFold(rows, task, {
          signal,
          isStopped: () => stopped || signal?.aborted === true,
          onLoss:
            onLoss &&
            ((tree, loss) => {
              stopped ||= onLoss(tree, loss)
            }),
        })
      })
      last = next.catch(() => {})
      return next
    },
    async [Symbol.asyncDispose]() {},
  }
}

interface Seat {
  /** Undefined after it died, until there is work again. */
  worker: Worker | undefined
  readonly stop: Int32Array
  job: Job | undefined
}

interface Job {
  readonly task: FoldTask
  readonly control: RunControl
  readonly resolve: (outcome: FoldOutcome) => void
  readonly reject: (error: unknown) => void
}

const threadedRunner = (rows: LabelledRows, workers: number): FoldRunner => {
  const url = new URL("./worker.ts", import.meta.url)
  const waiting: Job[] = []
  let disposed = false

  const start = (seat: Seat): Worker => {
    const workerData: WorkerStart = { rows, stop: seat.stop }
    const worker = new Worker(url, { workerData, name: "selection" })
    worker.on("message", (message: WorkerAnswer) => hear(seat, message))
    const died = (cause: unknown): void => {
      if (disposed || seat.worker !== worker) return
      const { job } = seat
      seat.job = undefined
      seat.worker = undefined
      job?.reject(
        new RoadmapError("WORKER_DIED", "A worker thread ended in mid fit.", {
          hint: "Try again; if memory was short, use fewer workers or rows.",
          retryable: true,
          cause,
        }),
      )
      next()
    }
    worker.once("error", died)
    worker.once("exit", code => died(new Error(`exit code ${code}`)))
    return worker
  }

  const hear = (seat: Seat, message: WorkerAnswer): void => {
    const { job } = seat
    if (job === undefined) return
    if ("tree" in message) {
      if (job.control.onLoss?.(message.tree, message.loss)) Atomics.store(seat.stop, 0, 1)
      return
    }
    seat.job = undefined
    if ("outcome" in message) job.resolve(message.outcome)
    else {
      const { code, message: text, hint } = message.error
      job.reject(new RoadmapError(code as ErrorCode, text, { hint }))
    }
    next()
  }

  const next = (): void => {
    for (const seat of seats) {
      if (seat.job !== undefined) continue
      const job = waiting.shift()
      if (job === undefined) return
      seat.job = job
      Atomics.store(seat.stop, 0, 0)
      const message: WorkerTask = { task: job.task, reports: job.control.onLoss !== undefined }
      seat.worker ??= start(seat)
      seat.worker.postMessage(message)
    }
  }

  const seats = Array.from(
    { length: workers },
    (): Seat => ({ worker: undefined, stop: new Int32Array(new SharedArrayBuffer(4)), job: undefined }),
  )
  for (const seat of seats) seat.worker = start(seat)
  const threads = (): readonly Worker[] => seats.flatMap(({ worker }) => worker ?? [])

  return {
    workers,
    threads,
    run(task, control = {}) {
      const { signal } = control
      return new Promise<FoldOutcome>((resolve, reject) => {
        if (typeof task.estimator === "function")
          throw new RoadmapError("INVALID_INPUT", "A fit function cannot be sent to worker threads.", {
            hint: 'Describe the estimator by data, such as { kind: "boosting", parameters }, or use one worker.',
          })
        throwIfAborted(signal)
        const shared = { ...task, ...shareFold(task) }
        const job: Job = {
          task: shared,
          control,
          resolve: outcome => settle(() => resolve(outcome)),
          reject: error => settle(() => reject(error)),
        }
        const onAbort = (): void => {
          const place = waiting.indexOf(job)
          if (place >= 0) waiting.splice(place, 1)
          const seat = seats.find(candidate => candidate.job === job)
          if (seat !== undefined) Atomics.store(seat.stop, 0, 1)
          job.reject(interruption(signal!))
        }
        const settle = (how: () => void): void => {
          signal?.removeEventListener("abort", onAbort)
          how()
        }
        signal?.addEventListener("abort", onAbort, { once: true })
        waiting.push(job)
        next()
      })
    },
    async [Symbol.asyncDispose]() {
      disposed = true
      for (const job of [...waiting.splice(0), ...seats.flatMap(({ job }) => job ?? [])])
        job.reject(new RoadmapError("INTERRUPTED", "The fit was stopped."))
      await Promise.all(threads().map(worker => worker.terminate()))
    },
  }
}

const interruption = (signal: AbortSignal): RoadmapError =>
  signal.reason instanceof RoadmapError ? signal.reason : new RoadmapError("INTERRUPTED", "Interrupted.")
