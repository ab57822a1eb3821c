import {
  addHistogram,
  addRows,
  addShiftedHistogram,
  createHistogramScratch,
  subtractHistogram,
} from "./histogram.ts"
import { type Rounding, writeLogistic } from "./logistic.ts"
import {
  addSteps,
  type BinAddress,
  type Direction,
  fillDirections,
  markRows,
  partitionByThreshold,
  partitionRows,
} from "./partition.ts"
import type { Workspace } from "./workspace.ts"

/**
 * The loops that take the time. Positions are indices of 4-byte elements in the shared buffer. There are two
 * implementations, TypeScript and WebAssembly; since all of it is integer arithmetic they give the same bits.
 */
export interface Kernels {
  /**
   * Adds the rows list[begin, end) to the histogram at `target`. When `firstRow` is not negative they are
   * the consecutive rows from there on.
   */
  addRows(begin: number, end: number, target: number, firstRow: number): void
  /** target += source and target -= source, over `count` 64-bit integers. */
  addHistogram(target: number, source: number, count: number): void
  subtractHistogram(target: number, source: number, count: number): void
  /** target += source after `value` was added to each of its rows' gradients. */
  addShiftedHistogram(target: number, source: number, count: number, value: number): void
  /** Moves `count` row numbers, left rows to the front and right rows to the back; returns where right begins. */
  partition(source: number, target: number, count: number, bins: BinAddress, direction: Direction): number
  /** Notes that the rows list[begin, end) ended in leaf `id`. */
  markRows(begin: number, end: number, id: number): void
  /** Adds steps[leaf] to the gradients of rows [first, last); `steps` is the f64 index of this thread's steps. */
  addSteps(first: number, last: number, steps: number): void
  /** Logistic loss: adds steps[leaf] to the scores unless `steps` is negative, then writes the gradients. */
  writeLogistic(first: number, last: number, steps: number, rounding: Rounding): void
}

export const typescriptKernels = (workspace: Workspace): Kernels => {
  const { i32, u8, plan } = workspace
  const scratch = createHistogramScratch(plan)
  const goesLeft = new Uint8Array(256)
  return {
    addRows: (begin, end, target) => addRows(workspace, scratch, begin, end, target),
    addHistogram: (target, source, count) => addHistogram(i32, target, source, count),
    subtractHistogram: (target, source, count) => subtractHistogram(i32, target, source, count),
    addShiftedHistogram: (target, source, count, value) =>
      addShiftedHistogram(i32, target, source, count, value, plan.countBits),
    partition(source, target, count, bins, direction) {
      if (!direction.set) return partitionByThreshold(u8, i32, source, target, count, bins, direction)
      fillDirections(goesLeft, 0, bins.bins, direction)
      return partitionRows(u8, i32, source, target, count, bins.pointer, bins.stride, goesLeft)
    },
    markRows: (begin, end, id) => markRows(workspace, begin, end, id),
    addSteps: (first, last, steps) => addSteps(workspace, first, last, steps),
    writeLogistic: (first, last, steps, rounding) => writeLogistic(workspace, first, last, steps, rounding),
  }
}
