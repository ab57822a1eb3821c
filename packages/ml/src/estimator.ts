import type { Random } from "@roadmap/core/random"
import type { Features } from "./features.ts"
import type { NumericArray } from "./input.ts"

export interface Progress {
  readonly done: number
  readonly total: number
  readonly unit: "rows" | "iterations" | "trees"
}

/** What every `fit…` may be given besides its parameters. */
export interface FitControl {
  /** The source of every random choice. Default: seed 0. */
  readonly random?: Random
  /** Called between pieces of work, in the calling thread. */
  readonly onProgress?: (progress: Progress) => void
  /** Looked at between pieces of work; an aborted fit throws INTERRUPTED. */
  readonly signal?: AbortSignal
}

/** Input of an estimator that learns from a target: one value a row. */
export interface SupervisedInput extends FitControl {
  readonly features: Features
  readonly target: NumericArray
  /** How much each row counts, >= 0. Default: 1 each. A weight of 2 equals the row given twice. */
  readonly weights?: NumericArray
}

/** Input of an estimator that learns without a target. */
export interface UnsupervisedInput extends FitControl {
  readonly features: Features
  readonly weights?: NumericArray
}
