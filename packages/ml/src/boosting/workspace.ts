import type { Plan } from "./plan.ts"

/** A plan with the buffer it describes, seen as the element types it holds. One a thread, same memory. */
export interface Workspace {
  readonly plan: Plan
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f32: Float32Array
  readonly f64: Float64Array
}

export const createWorkspace = (plan: Plan, buffer: ArrayBufferLike): Workspace => ({
  plan,
  u8: new Uint8Array(buffer),
  u16: new Uint16Array(buffer),
  i32: new Int32Array(buffer),
  u32: new Uint32Array(buffer),
  f32: new Float32Array(buffer),
  f64: new Float64Array(buffer),
})

/** Index, in 4-byte elements, of a histogram: slots 0..leaves are the tree's, the next ones the threads'. */
export const histogramAt = ({ plan }: Workspace, slot: number): number =>
  (plan.histograms + slot * plan.entries * plan.entryBytes) / 4

/**
 * A well-mixed 32-bit number from two: two rounds of multiply and xor-shift (the finaliser of MurmurHash3).
 * Random decisions about a row depend on seed, tree and row alone, so they are the same on any thread.
 */
export const mix = (a: number, b: number): number => {
  let z = mixSeed(a) ^ b
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

/** The part of `mix` that depends on its first argument alone. */
export const mixSeed = (a: number): number => Math.imul(a ^ 0x9e3779b9, 0x85ebca6b)
