import { join } from "node:path"
import { parentPort, threadId, workerData } from "node:worker_threads"
import { toRoadmapError } from "@roadmap/core/errors"
import { type ModelIdentity, openServedModel } from "../model/served.ts"
import type { DonePartition } from "./manifest.ts"
import { type PartitionWork, scorePartition } from "./partition.ts"
import { localEngine, type Partition } from "./source.ts"

/** What a scoring thread is started with. */
export interface WorkerStart {
  readonly modelFolder: string
  readonly identity: ModelIdentity
  readonly spill: string
  readonly memoryLimit: string
  readonly work: PartitionWork
}

export type WorkerAnswer =
  | { readonly done: DonePartition }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

const { modelFolder, identity, spill, memoryLimit, work } = workerData as WorkerStart
const answer = (message: WorkerAnswer): void => parentPort!.postMessage(message)
const failed = (error: unknown): void => {
  const { code, message, hint } = toRoadmapError(error)
  answer({ error: { code, message, hint } })
}

// One thread a worker: the other cores have partitions of their own. Two DuckDBs must not share a folder to spill to.
const opening = Promise.all([
  localEngine(join(spill, String(threadId)), { threads: 1, memoryLimit }),
  openServedModel(modelFolder, identity),
])

let stopping = false

parentPort!.on("message", async (message: Partition | "stop") => {
  try {
    const [engine, model] = await opening
    if (message !== "stop") {
      answer({ done: await scorePartition(engine, model, work, message) })
      return
    }
    stopping = true
    await engine.close()
    await model.close()
    parentPort!.close()
  } catch (error) {
    if (!stopping) failed(error)
    if (message === "stop") parentPort!.close()
  }
})
