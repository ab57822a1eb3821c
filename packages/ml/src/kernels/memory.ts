import { readFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { type ClusterKernels, typescriptCluster } from "./cluster.ts"
import { type LinearKernels, typescriptLinear } from "./linear.ts"

/** Which implementation of the loops runs; the results are the same to the last bit. */
export type Engine = "auto" | "wasm" | "typescript"

/** What the kernels work on: one buffer, seen as three kinds of numbers. */
export interface KernelMemory {
  readonly f64: Float64Array
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly kernels: LinearKernels & ClusterKernels
}

/**
 * Gives regions of a buffer that is still to be made: `take` answers where the next one starts, in bytes.
 */
export const planMemory = () => {
  let bytes = 0
  return {
    take(length: number): number {
      const start = bytes
      bytes = Math.ceil((bytes + length) / cacheLine) * cacheLine
      return start
    },
    get bytes() {
      return bytes
    },
  }
}

/**
 * Memory of zeros with its kernels. `cells` is how many numbers the work goes through: for few, a memory and
 * an instance cost more than they save. A 32-bit memory ends at 4 GiB: larger plans use TypeScript.
 */
export const openMemory = (bytes: number, cells: number, engine: Engine = "auto"): KernelMemory => {
  const pages = Math.ceil(bytes / pageBytes)
  const wantsWasm = engine === "wasm" || (engine === "auto" && cells >= cellsForWasm)
  if (!wantsWasm || pages >= mostPages) {
    const buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8)
    return { ...views(buffer), kernels: { ...typescriptLinear(buffer), ...typescriptCluster(buffer) } }
  }
  compiled ??= compileKernels()
  const memory = new Memory({ initial: pages, maximum: mostPages })
  const { exports } = new Instance(compiled, { env: { memory } })
  return { ...views(memory.buffer), kernels: exports as LinearKernels & ClusterKernels }
}

/**
 * Compiles with the optimising compiler at once. Otherwise the first fit, often the only one, runs mostly in
 * V8's quick first version of the code, and a loop never changes version before it ends: on a million
 * rows ridge and k-means took about 1.5 times as long. It costs less than 10 ms, once.
 */
const compileKernels = (): object => {
  const bytes = readFileSync(new URL("./wasm/kernels.wasm", import.meta.url))
  const flags = ["liftoff", "wasm-lazy-compilation"]
  for (const flag of flags) setFlagsFromString(`--no-${flag}`)
  try {
    return new Module(bytes)
  } finally {
    for (const flag of flags) setFlagsFromString(`--${flag}`)
  }
}

const cacheLine = 64
const pageBytes = 65_536
const mostPages = 65_536
const cellsForWasm = 20_000

const views = (buffer: ArrayBuffer) => ({
  f64: new Float64Array(buffer),
  f32: new Float32Array(buffer),
  i32: new Int32Array(buffer),
})

/** The part of the WebAssembly API used here; TypeScript has its types only among those of browsers. */
interface WasmApi {
  Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: unknown }
}

const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly

let compiled: object | undefined
