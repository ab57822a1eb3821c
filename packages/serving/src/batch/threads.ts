import { Worker } from "node:worker_threads"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import type { DonePartition } from "./manifest.ts"
import type { Partition } from "./source.ts"
import type { WorkerAnswer, WorkerStart } from "./worker.ts"

/**
 * Scores partitions on threads that each load the model and have a DuckDB of their own, one partition at a time, in order. The
 * first failure ends them all. Rejects with what a thread threw, WORKER_DIED, or INTERRUPTED.
 */
export const scoreOnThreads = async (
  start: WorkerStart,
  partitions: readonly Partition[],
  options: { workers: number; signal?: AbortSignal; onDone: (done: DonePartition) => void },
): Promise<void> => {
  const waiting = [...partitions]
  const workers: Worker[] = []
  const settled = new AbortController()
  try {
    await new Promise<void>((resolve, reject) => {
      let open = partitions.length
      if (open === 0) resolve()
      const interrupt = () => {
        const { reason } = options.signal!
        reject(
          reason instanceof RoadmapError
            ? reason
            : new RoadmapError("INTERRUPTED", "Interrupted.", {
                hint: "Run the same command again: it resumes.",
              }),
        )
      }
      if (options.signal?.aborted) interrupt()
      options.signal?.addEventListener("abort", interrupt, { once: true, signal: settled.signal })
      const next = (worker: Worker): void => {
        const partition = waiting.shift()
        if (partition) worker.postMessage(partition)
      }
      const died = (cause: unknown) =>
        reject(
          new RoadmapError("WORKER_DIED", "A scoring thread ended in mid partition.", {
            hint: "Run the same command again: it resumes. If memory was short, use fewer workers or smaller partitions.",
            retryable: true,
            cause,
          }),
        )
      for (let i = 0; i < Math.min(options.workers, partitions.length); i++) {
        const worker = new Worker(new URL("./worker.ts", import.meta.url), {
          workerData: start,
          name: "batch",
        })
        workers.push(worker)
        worker.once("error", died)
        worker.once("exit", code => died(new Error(`exit code ${code}`)))
        worker.on("message", (message: WorkerAnswer) => {
          if ("error" in message) {
            const { code, message: text, hint } = message.error
            reject(new RoadmapError(code as ErrorCode, text, { hint }))
            return
          }
          options.onDone(message.done)
          if (--open === 0) resolve()
          else next(worker)
        })
        next(worker)
      }
    })
  } finally {
    settled.abort()
    await Promise.all(workers.map(ended))
  }
}

/** Asks a thread to stop what it does and to end: ending it from outside in mid query would take the process along. */
const ended = (worker: Worker): Promise<void> =>
  new Promise(resolve => {
    if (worker.threadId === -1) resolve()
    worker.once("exit", () => resolve())
    worker.postMessage("stop")
  })
