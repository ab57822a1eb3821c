import { mix, type Workspace } from "./workspace.ts"

/**
 * Gradients of the logistic loss, straight from scores to the payload of a row, in one pass over memory.
 * The probability comes from a table with linear interpolation: wrong by less than 3e-6, a tenth of the
 * payload's rounding, and the same in TypeScript and WebAssembly, which has no exponential.
 */
export const tableReach = 24
export const cellsPerUnit = 64
export const tableCells = 2 * tableReach * cellsPerUnit

/** Past this position the interpolation would leave the table. */
export const lastPosition = tableCells - 2 ** -20

export const fillProbabilityTable = (f64: Float64Array, at: number): void => {
  for (let cell = 0; cell <= tableCells; cell++)
    f64[at + cell] = 1 / (1 + Math.exp(tableReach - cell / cellsPerUnit))
}

/** Scale of the integers, and the seed of this tree's random rounding. */
export interface Rounding {
  readonly scale: number
  readonly hessianScale: number
  readonly seed: number
}

/** Rows [first, last): adds each row's step (when `steps` >= 0), then writes its payload to the first group. */
export const writeLogistic = (
  { f32, f64, u16, i32, plan }: Workspace,
  first: number,
  last: number,
  steps: number,
  { scale, hessianScale, seed }: Rounding,
): void => {
  const ids = plan.leafIds / 2
  const scores = plan.scores / 8
  const targets = plan.targets / 4
  const weights = plan.weights / 8
  const table = plan.probabilities / 8
  const words = plan.groups[0].stride / 4
  let at = plan.groups[0].pointer / 4 + (first + 1) * words - 1
  for (let row = first; row < last; row++, at += words) {
    let score = f64[scores + row]
    if (steps >= 0) f64[scores + row] = score += f64[steps + u16[ids + row]]
    const position = Math.max(0, Math.min((score + tableReach) * cellsPerUnit, lastPosition))
    const cell = position | 0
    const low = f64[table + cell]
    const probability = low + (position - cell) * (f64[table + cell + 1] - low)
    let gradient = probability - f32[targets + row]
    let hessian = probability * (1 - probability)
    if (plan.weighted) {
      gradient *= f64[weights + row]
      hessian *= f64[weights + row]
    }
    const random = mix(seed, row)
    const low16 = Math.floor(hessian * hessianScale + (random >>> 16) / 65_536)
    i32[at] = (Math.floor(gradient * scale + (random & 0xffff) / 65_536) << 16) | Math.min(low16, 65_535)
  }
}
