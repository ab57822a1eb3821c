import { BLOCK_ROWS, COLUMN_BYTES } from "../kernels/layout.ts"
import type { Block } from "./blocks.ts"
import type { Design } from "./design.ts"

/** A pass over the rows that fills one Gram matrix X'WX and one vector X'r at a time. */
export interface NormalEquations {
  readonly gram: Float64Array
  readonly vector: Float64Array
  /** Where the caller writes the residuals r of a block, in bytes of the workspace. */
  readonly residuals: number
  /** Forgets all sums. */
  reset(): void
  /** The parameters that `respond` takes. */
  setParameters(parameters: Float64Array): void
  /** Linear response of the block's rows under the parameters, written at `response`. */
  respond(block: Block, response: number): void
  /** Adds the block with the workspace's row weights (for the Gram matrix) and the residuals (for the vector). */
  add(block: Block): void
  /** Completes the matrix and the vector from the sums: symmetric, `size` x `size`, rows one after the other. */
  assemble(): Float64Array
}

/**
 * The residuals are one more weighted column, whose products with the columns are X'r. Without row weights
 * the columns are their own weighted ones. One-hot columns are never made: what they would be multiplied by is
 * summed by category.
 */
export const createNormalEquations = (
  design: Design,
  { weighted }: { weighted: boolean },
): NormalEquations => {
  const { size, oneHot, workspace } = design
  const { f64, kernels, dense, rowWeights, width, height, categories, codes, groups, pairs } = workspace
  const columns = weighted ? workspace.weighted : dense
  const gram = new Float64Array(size * size)
  const vector = new Float64Array(size)
  const pairStride = 8 * (categories + 1)
  const codesOf = (index: number): number => codes + 4 * BLOCK_ROWS * index

  return {
    gram,
    vector,
    residuals: columns + width * COLUMN_BYTES,
    reset() {
      f64.fill(0, workspace.products / 8, workspace.turned / 8)
    },
    setParameters(parameters) {
      f64.set(parameters.subarray(0, width), workspace.parameters / 8)
      f64.set(parameters.subarray(width), workspace.effects / 8)
    },
    respond({ rows }, response) {
      kernels.respond(dense, width, rows, workspace.parameters, response)
      oneHot.forEach((_, index) => {
        kernels.respondCodes(codesOf(index), rows, workspace.effects, response)
      })
    },
    add({ rows }) {
      if (weighted) kernels.weigh(dense, width, rows, rowWeights, columns)
      kernels.addProducts(columns, width + 1, dense, width, rows, workspace.products, workspace.productStride)
      for (let c = 0; c < oneHot.length; c++) {
        kernels.addGroups(columns, height, rows, codesOf(c), groups, workspace.turned)
        for (let d = 0; d < c; d++)
          kernels.addPairs(codesOf(c), codesOf(d), rowWeights, rows, pairs, pairStride)
      }
    },
    assemble() {
      gram.fill(0)
      const product = (i: number, j: number) =>
        f64[(workspace.products + i * workspace.productStride) / 8 + j]
      for (let i = 0; i < width; i++) {
        vector[i] = product(width, i)
        for (let j = 0; j <= i; j++) gram[i * size + j] = product(i, j)
      }
      for (let category = 0; category < categories; category++) {
        const i = width + category
        const from = groups / 8 + category * height
        gram.set(f64.subarray(from, from + width), i * size)
        vector[i] = f64[from + width]
        // Two categories of one feature never meet; a category's own weight is its sum of the intercept's ones.
        if (oneHot.length > 1)
          gram.set(
            f64.subarray(pairs / 8 + category * (categories + 1)).subarray(0, category),
            i * size + width,
          )
        gram[i * size + i] = gram[i * size]
      }
      for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) gram[j * size + i] = gram[i * size + j]
      return gram
    },
  }
}
