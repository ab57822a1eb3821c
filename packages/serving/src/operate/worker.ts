import { parentPort, workerData } from "node:worker_threads"
import { toRoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import type { Predictions } from "../model/served.ts"

/** What a scoring thread is started with: the module that loads models. */
export interface PoolStart {
  readonly loader: string
}

export type PoolMessage =
  | { readonly folder: string; readonly features: Features }
  | { readonly forget: string }

export type PoolAnswer =
  /** The first one, when the thread can work: its start is not the first request's time. */
  | { readonly ready: true }
  | { readonly predictions: Predictions; readonly ms: number }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

interface Loader {
  loadModel(folder: string): Promise<{ predict(features: Features): Predictions }>
}

const loader: Promise<Loader> = import((workerData as PoolStart).loader)
const models = new Map<string, ReturnType<Loader["loadModel"]>>()

const modelOf = (folder: string): ReturnType<Loader["loadModel"]> => {
  const known = models.get(folder)
  if (known) return known
  const loading = loader.then(({ loadModel }) => loadModel(folder))
  models.set(folder, loading)
  // One that could not be loaded is tried again by the next request.
  loading.catch(() => models.delete(folder))
  return loading
}

parentPort!.on("message", async (message: PoolMessage) => {
  if ("forget" in message) {
    models.delete(message.forget)
    return
  }
  const answer = (value: PoolAnswer, transfer: ArrayBuffer[] = []) => parentPort!.postMessage(value, transfer)
  try {
    const model = await modelOf(message.folder)
    const started = performance.now()
    const predictions = model.predict(message.features)
    const ms = performance.now() - started
    const buffers = predictions.columns.map(({ values }) => values.buffer as ArrayBuffer)
    answer({ predictions, ms }, [...new Set(buffers)])
  } catch (error) {
    const { code, message: text, hint } = toRoadmapError(error)
    answer({ error: { code, message: text, hint } })
  }
})

await loader.catch(() => undefined)
parentPort!.postMessage({ ready: true } satisfies PoolAnswer)
