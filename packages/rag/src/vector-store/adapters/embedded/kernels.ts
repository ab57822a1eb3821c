import { readFileSync } from "node:fs"
import { RoadmapError } from "@roadmap/core/errors"

/** The loops of a search; ./wasm/source.ts says what each does. Pointers are bytes. */
export interface Kernels {
  scoreRows(query: number, vectors: number, rows: number, count: number, floats: number, out: number): void
  estimateRows(
    codes: number,
    words: number,
    planes: number,
    bitmap: number,
    from: number,
    to: number,
    a: number,
    b: number,
    c: number,
    threshold: number,
    out: number,
  ): number
}

export interface KernelMemory {
  readonly buffer: ArrayBuffer
  readonly kernels: Kernels
}

const pageBytes = 65_536
const mostPages = 65_536

/** Memory of zeros with its kernels. Throws LIMIT_EXCEEDED above 4 GiB. */
export const openMemory = (bytes: number): KernelMemory => {
  const pages = Math.ceil(bytes / pageBytes)
  if (pages > mostPages)
    throw new RoadmapError(
      "LIMIT_EXCEEDED",
      `The embedded vector store needs ${bytes} bytes of memory; it can have 4 GiB.`,
      {
        hint: "Use PostgreSQL (DATABASE_URL) or Qdrant (QDRANT_URL) for that many vectors.",
      },
    )
  compiled ??= new Module(readFileSync(new URL("./wasm/kernels.wasm", import.meta.url)))
  const memory = new Memory({ initial: pages, maximum: mostPages })
  const { exports } = new Instance(compiled, { env: { memory } })
  return { buffer: memory.buffer, kernels: exports as Kernels }
}

/** The part of the WebAssembly API used here; TypeScript has its types only among those of browsers. */
interface WasmApi {
  Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: unknown }
}

const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly

let compiled: object | undefined
