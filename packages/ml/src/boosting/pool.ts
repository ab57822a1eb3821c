import { Worker } from "node:worker_threads"
import { RoadmapError } from "@roadmap/core/errors"
import type { FinishedTree } from "./boost.ts"
import type { StartMessage } from "./worker.ts"

export interface Pool extends AsyncDisposable {
  readonly workers: readonly Worker[]
  /**
   * Runs the boosting program on all workers; resolves when all are done. Rejects with WORKER_DIED when one
   * ends before, with INTERRUPTED when the signal aborts. Dispose of the pool in every case.
   */
  run(start: StartMessage, onTree: (tree: FinishedTree) => void, signal?: AbortSignal): Promise<void>
}

/** Workers hold numbers in shared memory and few objects: a small young generation saves 10 MB a thread. */
const resourceLimits = { maxYoungGenerationSizeMb: 2 }

/** Starts the workers at once; they are up (about 100 ms) by the time the rows are binned. */
export const startPool = (threads: number): Pool => {
  const url = new URL("./worker.ts", import.meta.url)
  const workers = Array.from(
    { length: threads },
    (_, thread) =>
      new Worker(url, { workerData: { thread, threads }, name: `boosting ${thread}`, resourceLimits }),
  )
  const done = new Set<Worker>()
  const died = new Promise<never>((_, reject) => {
    workers.forEach((worker, thread) => {
      const fail = (cause: unknown) =>
        reject(
          new RoadmapError("WORKER_DIED", `Boosting thread ${thread + 1} of ${threads} ended in mid work.`, {
            hint: "Fit again; if memory was short, use fewer rows, leaves or bins.",
            retryable: true,
            cause,
          }),
        )
      worker.once("error", fail)
      // A worker whose program is over may end before the others are done.
      worker.once("exit", code => {
        if (!done.has(worker)) fail(new Error(`exit code ${code}`))
      })
    })
  })
  died.catch(() => {})
  let unlisten = (): void => {}

  return {
    workers,
    async run(start, onTree, signal) {
      const finished = workers.map(
        worker =>
          new Promise<void>((resolve, reject) => {
            worker.on("message", (message: { tree?: FinishedTree; done?: boolean }) => {
              try {
                if (message.tree) onTree(message.tree)
                if (!message.done) return
                done.add(worker)
                resolve()
              } catch (error) {
                reject(error)
              }
            })
            worker.postMessage(start)
          }),
      )
      const aborted = new Promise<never>((_, reject) => {
        const abort = () => reject(interruption(signal!))
        if (signal?.aborted) abort()
        signal?.addEventListener("abort", abort, { once: true })
        unlisten = () => signal?.removeEventListener("abort", abort)
      })
      aborted.catch(() => {})
      await Promise.race([Promise.all(finished), died, aborted])
    },
    async [Symbol.asyncDispose]() {
      unlisten()
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}

const interruption = (signal: AbortSignal): RoadmapError =>
  signal.reason instanceof RoadmapError ? signal.reason : new RoadmapError("INTERRUPTED", "Interrupted.")
