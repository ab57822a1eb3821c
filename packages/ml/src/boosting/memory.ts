import { type Kernels, typescriptKernels } from "./kernels.ts"
import type { Plan } from "./plan.ts"
import type { WasmMemory } from "./wasm/api.ts"
import { createWasmMemory, wasmKernels } from "./wasm-kernels.ts"
import { createWorkspace, type Workspace } from "./workspace.ts"

export type Engine = "auto" | "wasm" | "typescript"

/** Below this many cells a WebAssembly memory and instance cost more than they save. */
const cellsForWasm = 20_000

/** The shared buffer of a fit, in the form its kernels need. */
export const createMemory = (plan: Plan, engine: Engine): WasmMemory | SharedArrayBuffer => {
  const wantsWasm =
    engine === "wasm" || (engine === "auto" && plan.rows * plan.features.length >= cellsForWasm)
  return (wantsWasm ? createWasmMemory(plan.bytes) : undefined) ?? new SharedArrayBuffer(plan.bytes)
}

export const openMemory = (
  plan: Plan,
  memory: WasmMemory | SharedArrayBuffer,
  thread: number,
): { workspace: Workspace; kernels: Kernels } => {
  if (!(memory instanceof SharedArrayBuffer)) {
    const workspace = createWorkspace(plan, memory.buffer)
    return { workspace, kernels: wasmKernels(workspace, memory, thread) }
  }
  const workspace = createWorkspace(plan, memory)
  return { workspace, kernels: typescriptKernels(workspace) }
}
