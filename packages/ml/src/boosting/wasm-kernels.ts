import { readFileSync } from "node:fs"
import type { Kernels } from "./kernels.ts"
import { fillDirections } from "./partition.ts"
import { Instance, Memory, Module, type WasmMemory, type WasmModule } from "./wasm/api.ts"
import { mixSeed, type Workspace } from "./workspace.ts"

/** What kernels.wasm exports; its source is wasm/source.ts. Pointers are bytes. */
interface Exports {
  writeTable(): void
  addRows(
    list: number,
    count: number,
    rows: number,
    stride: number,
    features: number,
    firstBytes: number,
    histogram: number,
    scratch: number,
    countBits: bigint,
    full: number,
    start: number,
  ): void
  addSums(target: number, source: number, count: number): void
  subSums(target: number, source: number, count: number): void
  addShiftedSums(target: number, source: number, count: number, value: number, countBits: bigint): void
  partitionNumeric(
    source: number,
    target: number,
    count: number,
    bins: number,
    stride: number,
    threshold: number,
    missing: number,
    missingLeft: number,
  ): number
  partitionTable(
    source: number,
    target: number,
    count: number,
    bins: number,
    stride: number,
    goesLeft: number,
  ): number
  markRows(list: number, count: number, ids: number, id: number): void
  addSteps(ids: number, count: number, steps: number, gradients: number, stride: number): void
  writeLogistic(
    row: number,
    end: number,
    ids: number,
    steps: number,
    scores: number,
    targets: number,
    weights: number,
    payloads: number,
    stride: number,
    table: number,
    scale: number,
    hessianScale: number,
    seed: number,
  ): void
}

export interface PredictExports {
  predictTrees(
    trees: number,
    count: number,
    bins: number,
    columnBytes: number,
    rows: number,
    masks: number,
    scores: number,
  ): void
}

let compiled: WasmModule | undefined

const kernelModule = (): WasmModule => {
  compiled ??= new Module(readFileSync(new URL("./wasm/kernels.wasm", import.meta.url)))
  return compiled
}

export const instantiateKernels = <T>(memory: WasmMemory): T =>
  new Instance(kernelModule(), { env: { memory } }).exports as T

const pageBytes = 65_536

/** Memory that all threads and the kernels share. A 32-bit memory ends at 4 GiB: larger plans use TypeScript. */
export const createWasmMemory = (bytes: number): WasmMemory | undefined => {
  const pages = Math.ceil(bytes / pageBytes)
  return pages > 65_535 ? undefined : new Memory({ initial: pages, maximum: pages, shared: true })
}

export const wasmKernels = (workspace: Workspace, memory: WasmMemory, thread: number): Kernels => {
  const { plan, u8, u32 } = workspace
  const wasm = instantiateKernels<Exports>(memory)
  const countBits = BigInt(plan.countBits)
  const full = plan.mode === "full" ? 1 : 0
  // Scratch: the direction table, each feature's first byte in a histogram, then the gathered rows.
  const table = plan.scratch + thread * plan.scratchBytes
  const firstBytes = table + 256
  const gathered = firstBytes + Math.ceil(plan.features.length / 16) * 64
  plan.features.forEach(({ firstEntry }, i) => {
    u32[firstBytes / 4 + i] = firstEntry * plan.entryBytes
  })
  wasm.writeTable()
  return {
    addRows(begin, end, target, firstRow) {
      for (const { pointer, stride, first, count } of plan.groups) {
        const firsts = firstBytes + first * 4
        const start = firstRow < 0 ? 0 : pointer + firstRow * stride
        wasm.addRows(
          begin * 4,
          end - begin,
          pointer,
          stride,
          count,
          firsts,
          target * 4,
          gathered,
          countBits,
          full,
          start,
        )
      }
    },
    addHistogram: (target, source, count) => wasm.addSums(target * 4, source * 4, count),
    subtractHistogram: (target, source, count) => wasm.subSums(target * 4, source * 4, count),
    addShiftedHistogram: (target, source, count, value) =>
      wasm.addShiftedSums(target * 4, source * 4, count, value, countBits),
    partition(source, target, count, { pointer, stride, bins }, direction) {
      if (direction.set) {
        fillDirections(u8, table, bins, direction)
        return (wasm.partitionTable(source * 4, target * 4, count, pointer, stride, table) >>> 0) / 4
      }
      const { bin, missingLeft } = direction
      const front = wasm.partitionNumeric(
        source * 4,
        target * 4,
        count,
        pointer,
        stride,
        bin,
        bins,
        missingLeft,
      )
      return (front >>> 0) / 4
    },
    markRows: (begin, end, id) => wasm.markRows(begin * 4, end - begin, plan.leafIds, id),
    addSteps(first, last, steps) {
      const ids = plan.leafIds + first * 2
      for (const { pointer, stride } of plan.groups)
        wasm.addSteps(ids, last - first, steps * 8, pointer + (first + 1) * stride - 4, stride)
    },
    writeLogistic(first, last, steps, { scale, hessianScale, seed }) {
      const { pointer, stride } = plan.groups[0]
      wasm.writeLogistic(
        first,
        last,
        plan.leafIds + first * 2,
        steps >= 0 ? steps * 8 : 0,
        plan.scores + first * 8,
        plan.targets + first * 4,
        plan.weighted ? plan.weights + first * 8 : 0,
        pointer + (first + 1) * stride - 4,
        stride,
        plan.probabilities,
        scale,
        hessianScale,
        mixSeed(seed),
      )
    },
  }
}
