/** One measured fit: what fit.ts and peer.py are told, as JSON. */
export interface Work {
  folder: string
  system: System
  loss: "squared" | "logistic"
  /** Training rows, from the first; and features: up to 11 of the flights, more from the wide file. */
  rows: number
  features: number
  threads: number
  trees: number
  variant: Variant
}

export const systems = [
  "roadmap",
  "roadmap typescript",
  "lightgbm",
  "lightgbm quantised",
  "xgboost",
  "scikit-learn",
] as const

export type System = (typeof systems)[number]

/** Plain rows; weights 1 to 3; half of rows and columns a tree; a fifth missing; airports as categories. */
export type Variant = "plain" | "weights" | "sampling" | "missing" | "categories"

/** What one fit prints. `quality` is RMSE or log loss on unseen rows, NaN for wide data, which has none. */
export interface Outcome {
  fit: number
  predict: number
  quality: number | null
  peakMiB: number
}

/** More minutes late than this is the positive class. */
export const lateMinutes = 15
