import { MISSING } from "../columns.ts"
import type { FeatureColumn } from "../features.ts"
import { BLOCK_ROWS, COLUMN_BYTES } from "../kernels/layout.ts"
import type { Design } from "./design.ts"
import { loadValues } from "./workspace.ts"

/** A run of rows whose encoded columns are in the design's workspace. */
export interface Block {
  readonly first: number
  readonly rows: number
}

/** Calls `visit` with every block of the design's rows, in order; a block overwrites the one before. */
export const forEachBlock = (design: Design, visit: (block: Block) => void): void => {
  const { workspace } = design
  const { f64, i32, kernels, dense, categories } = workspace
  f64.fill(1, dense / 8, dense / 8 + BLOCK_ROWS)
  for (let first = 0; first < design.rows; first += BLOCK_ROWS) {
    const block = { first, rows: Math.min(BLOCK_ROWS, design.rows - first) }
    const { rows } = block
    design.dense.forEach(({ source, role, center, factor }, index) => {
      const to = dense + (1 + index) * COLUMN_BYTES
      if (role === "number" && source.kind === "numeric") {
        loadValues(workspace, source.values, { first, rows, to })
        kernels.encode(to, rows, center, factor)
      } else fillMissing(f64, to / 8, source, block)
    })
    design.oneHot.forEach(({ source, start }, index) => {
      const { codes } = source
      const to = workspace.codes / 4 + index * BLOCK_ROWS
      const shift = start - workspace.width
      for (let b = 0; b < rows; b++) {
        const code = codes[first + b]
        i32[to + b] = code >= 0 ? shift + code : categories
      }
    })
    // Kernels work on pairs: the row beyond an odd last one counts nothing.
    if (rows % 2 === 1)
      for (let column = 0; column < workspace.width; column++)
        f64[(dense + column * COLUMN_BYTES) / 8 + rows] = 0
    visit(block)
  }
}

/** 1 where a number is NaN or a code is negative. */
const fillMissing = (f64: Float64Array, to: number, source: FeatureColumn, { first, rows }: Block): void => {
  if (source.kind === "numeric") {
    for (let b = 0; b < rows; b++) f64[to + b] = Number.isNaN(source.values[first + b]) ? 1 : 0
    return
  }
  for (let b = 0; b < rows; b++) f64[to + b] = source.codes[first + b] === MISSING ? 1 : 0
}
