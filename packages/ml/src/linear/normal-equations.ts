import { MISSING } from "../columns.ts"
import type { FeatureColumn } from "../features.ts"
import type { Design } from "./design.ts"

/** Rows worked on at a time: small enough that a block of 60 columns stays in the second-level cache. */
export const BLOCK_ROWS = 512

/** A block of encoded rows: dense columns one after the other (the first is the intercept's ones). */
export interface Block {
  readonly first: number
  readonly rows: number
  /** Column c of the block starts at c * BLOCK_ROWS. One zero column is added when their number is odd. */
  readonly dense: Float64Array
}

/** A pass over the rows that fills one Gram matrix X'WX and one vector X'r at a time. */
export interface NormalEquations {
  readonly gram: Float64Array
  readonly vector: Float64Array
  /** Forgets all sums. */
  reset(): void
  /** Linear response of the block's rows under the parameters, into `response`. */
  respond(block: Block, parameters: Float64Array, response: Float64Array): void
  /** Adds the block with its row weights (for the Gram matrix) and residuals (for the vector). */
  add(block: Block, rowWeights: Float64Array, residuals: Float64Array): void
  /** Completes the matrix from the sums: symmetric, `size` x `size`, rows one after the other. */
  assemble(): Float64Array
}

/** Calls `visit` with every block of the design's rows, in order. The block is reused between calls. */
export const forEachBlock = (design: Design, visit: (block: Block) => void): void => {
  const width = 1 + design.dense.length
  const dense = new Float64Array((width + (width % 2)) * BLOCK_ROWS)
  dense.fill(1, 0, BLOCK_ROWS)
  for (let first = 0; first < design.rows; first += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, design.rows - first)
    design.dense.forEach((column, index) => {
      const { source } = column
      const target = (1 + index) * BLOCK_ROWS
      if (column.role === "number" && source.kind === "numeric")
        fillNumbers(source.values, {
          first,
          rows,
          dense,
          target,
          center: column.center,
          factor: column.factor,
        })
      else fillMissing(source, { first, rows, dense, target })
    })
    visit({ first, rows, dense })
  }
}

export const createNormalEquations = (design: Design): NormalEquations => {
  const { size, oneHot } = design
  const width = 1 + design.dense.length
  const paddedWidth = width + (width % 2)
  const gram = new Float64Array(size * size)
  const vector = new Float64Array(size)
  const weighted = new Float64Array(paddedWidth * BLOCK_ROWS)
  const products = new Float64Array(paddedWidth * paddedWidth)

  const addOneHot = (block: Block, rowWeights: Float64Array, residuals: Float64Array) => {
    for (let c = 0; c < oneHot.length; c++) {
      const { source, start } = oneHot[c]
      const { codes } = source
      for (let b = 0; b < block.rows; b++) {
        const code = codes[block.first + b]
        if (code >= 0) vector[start + code] += residuals[b]
      }
      for (let column = 0; column < width; column++) {
        const from = column * BLOCK_ROWS
        for (let b = 0; b < block.rows; b++) {
          const code = codes[block.first + b]
          if (code >= 0) gram[(start + code) * size + column] += weighted[from + b]
        }
      }
      for (let d = 0; d < c; d++) {
        const other = oneHot[d]
        const otherCodes = other.source.codes
        for (let b = 0; b < block.rows; b++) {
          const code = codes[block.first + b]
          const otherCode = otherCodes[block.first + b]
          if (code >= 0 && otherCode >= 0)
            gram[(start + code) * size + other.start + otherCode] += rowWeights[b]
        }
      }
    }
  }

  return {
    gram,
    vector,
    reset() {
      gram.fill(0)
      vector.fill(0)
      products.fill(0)
    },
    respond(block, parameters, response) {
      response.fill(0)
      for (let column = 0; column < width; column++) {
        const parameter = parameters[column]
        const from = column * BLOCK_ROWS
        for (let b = 0; b < block.rows; b++) response[b] += parameter * block.dense[from + b]
      }
      for (const { source, start } of oneHot) {
        const { codes } = source
        for (let b = 0; b < block.rows; b++) {
          const code = codes[block.first + b]
          if (code >= 0) response[b] += parameters[start + code]
        }
      }
    },
    add(block, rowWeights, residuals) {
      const { dense, rows } = block
      for (let column = 0; column < width; column++) {
        const from = column * BLOCK_ROWS
        let sum = 0
        for (let b = 0; b < rows; b++) {
          const value = dense[from + b]
          weighted[from + b] = value * rowWeights[b]
          sum += value * residuals[b]
        }
        vector[column] += sum
      }
      addProducts({ dense, weighted, products, width: paddedWidth, rows })
      if (oneHot.length > 0) addOneHot(block, rowWeights, residuals)
    },
    assemble() {
      for (let i = 0; i < width; i++)
        for (let j = 0; j <= i; j++) gram[i * size + j] = products[j * paddedWidth + i]
      // Two categories of one feature never meet; a category's own weight is its product with the intercept.
      for (let i = width; i < size; i++) gram[i * size + i] = gram[i * size]
      for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) gram[j * size + i] = gram[i * size + j]
      return gram
    },
  }
}

/**
 * products[i][j] += sum over rows of weighted[i] * dense[j], for j >= i, in tiles of two by two columns:
 * four multiplications for four loads, about twice as fast as column by column.
 */
const addProducts = (sums: {
  dense: Float64Array
  weighted: Float64Array
  products: Float64Array
  width: number
  rows: number
}): void => {
  const { dense, weighted, products, width, rows } = sums
  for (let i = 0; i < width; i += 2) {
    const i0 = i * BLOCK_ROWS
    const i1 = i0 + BLOCK_ROWS
    for (let j = i; j < width; j += 2) {
      const j0 = j * BLOCK_ROWS
      const j1 = j0 + BLOCK_ROWS
      let s00 = 0
      let s01 = 0
      let s10 = 0
      let s11 = 0
      for (let b = 0; b < rows; b++) {
        const w0 = weighted[i0 + b]
        const w1 = weighted[i1 + b]
        const x0 = dense[j0 + b]
        const x1 = dense[j1 + b]
        s00 += w0 * x0
        s01 += w0 * x1
        s10 += w1 * x0
        s11 += w1 * x1
      }
      products[i * width + j] += s00
      products[i * width + j + 1] += s01
      products[(i + 1) * width + j] += s10
      products[(i + 1) * width + j + 1] += s11
    }
  }
}

const fillNumbers = (
  values: ArrayLike<number>,
  to: { first: number; rows: number; dense: Float64Array; target: number; center: number; factor: number },
): void => {
  const { first, rows, dense, target, center, factor } = to
  for (let b = 0; b < rows; b++) {
    const value = (values[first + b] - center) * factor
    dense[target + b] = Number.isNaN(value) ? 0 : value
  }
}

/** 1 where a number is NaN or a code is negative. */
const fillMissing = (
  source: FeatureColumn,
  to: { first: number; rows: number; dense: Float64Array; target: number },
): void => {
  const { first, rows, dense, target } = to
  if (source.kind === "numeric") {
    for (let b = 0; b < rows; b++) dense[target + b] = Number.isNaN(source.values[first + b]) ? 1 : 0
    return
  }
  for (let b = 0; b < rows; b++) dense[target + b] = source.codes[first + b] === MISSING ? 1 : 0
}
