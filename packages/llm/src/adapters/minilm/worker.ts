import { parentPort, workerData } from "node:worker_threads"
import { toRoadmapError } from "@roadmap/core/errors"
import { loadModel, type ModelPlace } from "./model.ts"

/** What the pool asks of a worker, one thing at a time. */
export type Work =
  | { kind: "tokens"; texts: readonly string[] }
  | { kind: "embed" | "run"; sequences: readonly Int32Array[] }

export type Answer =
  | { tokens: Int32Array[] }
  | { vectors: Float32Array<ArrayBuffer> }
  | { failure: { code: string; message: string; hint?: string } }

export interface WorkerSetup {
  place: ModelPlace
  /** Set to 0 when this thread has nothing to do, so that whoever waits for that goes on. */
  working: Int32Array<SharedArrayBuffer>
}

const failureOf = (error: unknown) => {
  const { code, message, hint } = toRoadmapError(error)
  return { code, message, hint }
}

const port = parentPort!
const { place, working } = workerData as WorkerSetup
const loading = loadModel(place)
// Told with the first task: a worker that cannot load is no crash.
loading.catch(() => undefined)

const answerTo = async (work: Work): Promise<Answer> => {
  const model = await loading
  if (work.kind === "tokens") return { tokens: work.texts.map(model.tokens) }
  if (work.kind === "embed") return { vectors: await model.embed(work.sequences) }
  await model.run(work.sequences)
  return { vectors: new Float32Array(0) }
}

port.on("message", async (work: Work) => {
  const answer = await answerTo(work).catch(error => ({ failure: failureOf(error) }))
  // Before the answer: with it comes the next piece of work, and the flag is the pool's again.
  Atomics.store(working, 0, 0)
  Atomics.notify(working, 0)
  port.postMessage(answer, "vectors" in answer ? [answer.vectors.buffer] : [])
})
