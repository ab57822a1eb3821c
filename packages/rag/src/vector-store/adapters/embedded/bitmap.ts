/** A set of rows, a bit each. */
export interface Bitmap {
  readonly words: Uint32Array
  /** Bits that are set. */
  readonly count: number
}

export const emptyWords = (rows: number): Uint32Array => new Uint32Array(Math.ceil(rows / 32))

export const setBit = (words: Uint32Array, row: number): void => {
  words[row >>> 5] |= 1 << (row & 31)
}

export const clearBit = (words: Uint32Array, row: number): void => {
  words[row >>> 5] &= ~(1 << (row & 31))
}

export const countBits = (words: Uint32Array): number => {
  let count = 0
  for (let word of words) {
    word -= (word >>> 1) & 0x55555555
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333)
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** The rows of the set, ascending, in blocks of at most `size`. The block is used again for the next one. */
export function* rowBlocks({ words }: Bitmap, size: number): Generator<Uint32Array> {
  const block = new Uint32Array(size)
  let filled = 0
  for (const [index, word] of words.entries())
    for (let bits = word; bits !== 0; bits &= bits - 1) {
      block[filled++] = 32 * index + 31 - Math.clz32(bits & -bits)
      if (filled === size) {
        yield block
        filled = 0
      }
    }
  if (filled > 0) yield block.subarray(0, filled)
}
