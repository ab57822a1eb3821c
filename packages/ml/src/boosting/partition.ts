import type { Workspace } from "./workspace.ts"

/** Where a feature's bins are: the byte at pointer + row * stride; the value `bins` means missing. */
export interface BinAddress {
  readonly bins: number
  readonly pointer: number
  readonly stride: number
}

/** Which bins go left: those of `set`, or up to `bin`, and the missing one if `missingLeft`. */
export interface Direction {
  readonly bin: number
  readonly missingLeft: number
  readonly set: Uint32Array | undefined
}

export const binGoesLeft = ({ bin, missingLeft, set }: Direction, value: number, bins: number): number => {
  if (set) return (set[value >>> 5] >>> (value & 31)) & 1
  return value === bins ? missingLeft : value <= bin ? 1 : 0
}

/** table[at + value] = 1 for the values 0..bins that go left, else 0. */
export const fillDirections = (table: Uint8Array, at: number, bins: number, direction: Direction): void => {
  for (let value = 0; value <= bins; value++) table[at + value] = binGoesLeft(direction, value, bins)
}

/**
 * Moves list[begin, end) of row numbers to the same range of another buffer: rows whose bin's entry in
 * `goesLeft` is 1 from the front, the others from the back (in reverse: the order within a leaf does not
 * matter to integer sums). Returns where the right rows begin. Both places are written every time, so that
 * there is no branch to mispredict.
 */
export const partitionRows = (
  u8: Uint8Array,
  i32: Int32Array,
  source: number,
  target: number,
  count: number,
  pointer: number,
  stride: number,
  goesLeft: Uint8Array,
): number => {
  let front = target
  let back = target + count - 1
  for (let i = source; i < source + count; i++) {
    const row = i32[i]
    const left = goesLeft[u8[pointer + row * stride]]
    i32[front] = row
    i32[back] = row
    front += left
    back -= 1 - left
  }
  return front
}

/**
 * The same for a numeric split, without the table: bins up to `bin` go left, and with `missingLeft` those
 * from `missing` on; either condition shows in the sign bit.
 */
export const partitionByThreshold = (
  u8: Uint8Array,
  i32: Int32Array,
  source: number,
  target: number,
  count: number,
  { pointer, stride, bins }: BinAddress,
  { bin, missingLeft }: Direction,
): number => {
  const first = bin + 1
  const limit = missingLeft ? bins - first - 1 : 512
  let front = target
  let back = target + count - 1
  for (let i = source; i < source + count; i++) {
    const row = i32[i]
    const past = u8[pointer + row * stride] - first
    const left = (past | (limit - past)) >>> 31
    i32[front] = row
    i32[back] = row
    front += left
    back -= 1 - left
  }
  return front
}

/** Notes the leaf of each row of list[begin, end). */
export const markRows = ({ u16, i32, plan }: Workspace, begin: number, end: number, id: number): void => {
  const at = plan.leafIds / 2
  for (let i = begin; i < end; i++) u16[at + i32[i]] = id
}

/**
 * Residual mode's update, row after row. Going leaf by leaf through the lists instead would touch each cache
 * line of gradients once for every leaf in it.
 */
export const addSteps = (
  { i32, u16, f64, plan }: Workspace,
  first: number,
  last: number,
  steps: number,
): void => {
  const ids = plan.leafIds / 2
  for (const { pointer, stride } of plan.groups) {
    const words = stride >>> 2
    let at = pointer / 4 + (first + 1) * words - 1
    for (let row = first; row < last; row++, at += words) i32[at] += f64[steps + u16[ids + row]]
  }
}
