/** Bits of a query's number in an estimate. */
export const PLANES = 4
/** Rows that one call of the estimating kernel looks at: its results fit into a small buffer. */
export const BLOCK_ROWS = 4_096
/** Candidates that one call of the scoring kernel takes. */
export const SCORED_ROWS = 4_096

const roundedUp = (value: number, to: number): number => Math.ceil(value / to) * to

/** Where everything lies in the kernels' memory, in bytes. */
export interface Layout {
  readonly capacity: number
  /** Numbers of a stored vector: the dimensions, filled up with zeros to whole rounds of the kernel. */
  readonly floats: number
  /** 64-bit words of a code. */
  readonly words: number
  readonly query: number
  readonly planes: number
  readonly rows: number
  readonly out: number
  readonly bitmap: number
  readonly codes: number
  readonly codeBytes: number
  readonly vectors: number
  readonly bytes: number
}

/**
 * 64-bit words of a code: one bit a dimension and at least 384 bits, because an estimate's error falls with the square root
 * of their number. More bits than dimensions are signs of more than one projection.
 */
export const codeWords = (dimensions: number): number => Math.max(6, Math.ceil(dimensions / 64))

export const planLayout = (dimensions: number, atLeast: number): Layout => {
  const capacity = roundedUp(Math.max(atLeast, 32), 32)
  const floats = roundedUp(dimensions, 16)
  const words = codeWords(dimensions)
  const codeBytes = 8 * words + 8
  let bytes = 0
  const take = (length: number): number => {
    const start = bytes
    bytes = roundedUp(bytes + length, 64)
    return start
  }
  return {
    capacity,
    floats,
    words,
    codeBytes,
    query: take(4 * floats),
    planes: take(8 * words * PLANES),
    rows: take(4 * SCORED_ROWS),
    out: take(8 * Math.max(BLOCK_ROWS, SCORED_ROWS)),
    bitmap: take(capacity / 8),
    codes: take(capacity * codeBytes),
    vectors: take(capacity * 4 * floats),
    get bytes() {
      return bytes
    },
  }
}
