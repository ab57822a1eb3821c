import type { NumericArray } from "../input.ts"
import { BLOCK_ROWS, COLUMN_BYTES, TILE_COLUMNS, TILE_ROWS } from "../kernels/layout.ts"
import { type Engine, type KernelMemory, openMemory, planMemory } from "../kernels/memory.ts"

export interface WorkspaceShape {
  readonly rows: number
  /** Dense columns, the intercept's ones included. */
  readonly width: number
  /** Categories of each one-hot feature. */
  readonly categories: readonly number[]
  readonly engine?: Engine
}

/** Where a pass over the rows keeps its block and its sums; all places are bytes of the memory. */
export interface LinearWorkspace extends KernelMemory {
  readonly width: number
  /** The dense columns and one for the residuals, made even. */
  readonly height: number
  /** Number of one-hot categories; it is also the code of a missing one, whose sums nobody reads. */
  readonly categories: number
  /** Columns of the block, as they are and times the row weights. */
  readonly dense: number
  readonly weighted: number
  /** What a row counts in the data, and in the Gram matrix: both 1 at first. */
  readonly sampleWeights: number
  readonly rowWeights: number
  readonly response: number
  readonly labels: number
  readonly factors: number
  /** Scratch for 32-bit floats; four numbers that kernels answer with. */
  readonly floats: number
  readonly out: number
  readonly parameters: number
  readonly effects: number
  /** Codes of each one-hot feature, one after the other, BLOCK_ROWS apart. */
  readonly codes: number
  readonly products: number
  readonly productStride: number
  /** By category the sums of the weighted columns; by two categories the sums of row weights. */
  readonly groups: number
  readonly pairs: number
  readonly turned: number
}

export const createWorkspace = ({ rows, width, categories, engine }: WorkspaceShape): LinearWorkspace => {
  const plan = planMemory()
  const height = 2 * Math.ceil((width + 1) / 2)
  const columns = TILE_ROWS * Math.ceil(height / TILE_ROWS) + TILE_COLUMNS
  const all = categories.reduce((sum, count) => sum + count, 0)
  const productStride = 8 * (width + TILE_COLUMNS)
  const column = () => plan.take(COLUMN_BYTES)
  const places = {
    dense: plan.take(columns * COLUMN_BYTES),
    weighted: plan.take(columns * COLUMN_BYTES),
    sampleWeights: column(),
    rowWeights: column(),
    response: column(),
    labels: column(),
    factors: column(),
    floats: column(),
    out: plan.take(32),
    parameters: plan.take(8 * width),
    effects: plan.take(8 * (all + 1)),
    codes: plan.take(4 * BLOCK_ROWS * categories.length),
    products: plan.take(columns * productStride),
    groups: plan.take(categories.length > 0 ? 8 * (all + 1) * height : 0),
    pairs: plan.take(categories.length > 1 ? 8 * (all + 1) ** 2 : 0),
    turned: plan.take(categories.length > 0 ? 8 * height * BLOCK_ROWS : 0),
  }
  const memory = openMemory(plan.bytes, rows * (width + categories.length), engine)
  for (const place of [places.sampleWeights, places.rowWeights])
    memory.f64.fill(1, place / 8, place / 8 + BLOCK_ROWS)
  return { ...memory, ...places, width, height, categories: all, productStride }
}

/** Copies values [first, first + rows) of a column to a place of the workspace as 64-bit floats. */
export const loadValues = (
  workspace: LinearWorkspace,
  values: NumericArray,
  { first, rows, to }: { first: number; rows: number; to: number },
): void => {
  const some = values.subarray(first, first + rows)
  if (some instanceof Float32Array) {
    workspace.f32.set(some, workspace.floats / 4)
    workspace.kernels.widen(workspace.floats, to, rows)
  } else workspace.f64.set(some, to / 8)
}
