/** The part of the WebAssembly API used here; TypeScript has its types only among those of browsers. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer
}

export type WasmModule = object

interface WasmApi {
  Memory: new (limits: { initial: number; maximum: number; shared: true }) => WasmMemory
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory } },
  ) => { readonly exports: unknown }
}

export const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
