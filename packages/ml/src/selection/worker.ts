import { parentPort, workerData } from "node:worker_threads"
import { toRoadmapError } from "@roadmap/core/errors"
import { type FoldOutcome, type FoldTask, runFold } from "./fold-task.ts"
import type { LabelledRows } from "./holdout.ts"

/** What a worker is started with: the rows, all in shared memory, and a cell that tells it to stop its fit. */
export interface WorkerStart {
  readonly rows: LabelledRows
  readonly stop: Int32Array
}

export interface WorkerTask {
  readonly task: FoldTask
  /** Whether to tell the loss after each tree. */
  readonly reports: boolean
}

/** What a worker answers: losses while it fits, then an outcome or an error. */
export type WorkerAnswer =
  | { readonly tree: number; readonly loss: number }
  | { readonly outcome: FoldOutcome }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

const { rows, stop } = workerData as WorkerStart
const answer = (message: WorkerAnswer, transfer: ArrayBuffer[] = []): void =>
  parentPort!.postMessage(message, transfer)

parentPort!.on("message", async ({ task, reports }: WorkerTask) => {
  try {
    const outcome = await runFold(rows, task, {
      // The other cores have folds of their own.
      threads: 1,
      onLoss: reports ? (tree, loss) => answer({ tree, loss }) : undefined,
      isStopped: () => Atomics.load(stop, 0) === 1,
    })
    answer({ outcome }, [outcome.predicted.buffer as ArrayBuffer])
  } catch (error) {
    const { code, message, hint } = toRoadmapError(error)
    answer({ error: { code, message, hint } })
  }
})
