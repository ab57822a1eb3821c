import { availableParallelism } from "node:os"
import { parentPort, workerData } from "node:worker_threads"
import { createBarrier } from "./barrier.ts"
import { boost } from "./boost.ts"
import { openMemory } from "./memory.ts"
import type { Plan } from "./plan.ts"
import type { WasmMemory } from "./wasm/api.ts"

/** What a worker is told when the rows are binned, and what it answers. */
export interface StartMessage {
  readonly plan: Plan
  /** A memory for the WebAssembly kernels, or a buffer for those in TypeScript. */
  readonly memory: WasmMemory | SharedArrayBuffer
}

const { thread, threads } = workerData as { thread: number; threads: number }

parentPort!.once("message", ({ plan, memory }: StartMessage) => {
  const { workspace, kernels } = openMemory(plan, memory, thread)
  const maySpin = threads <= availableParallelism()
  const barrier = createBarrier(workspace.i32, plan.control / 4, threads, maySpin)
  const program = boost(workspace, { thread, threads, barrier }, kernels, tree =>
    parentPort!.postMessage({ tree }),
  )
  for (const _ of program);
  parentPort!.postMessage({ done: true })
})
