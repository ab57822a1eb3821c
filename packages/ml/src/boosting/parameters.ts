import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"

/**
 * squared: mean; absolute: median; quantile: `quantile`; huber: squared within `huberDelta` of the
 * prediction, absolute beyond; logistic: targets 0 and 1; poisson: counts or rates >= 0, log link.
 */
export type Loss = "squared" | "absolute" | "quantile" | "huber" | "logistic" | "poisson"

export interface BoostingParameters {
  loss: Loss
  /** Quantile of the quantile loss, in (0, 1). */
  quantile: number
  /** Residual, in units of the target, beyond which the Huber loss is linear. */
  huberDelta: number
  /** Most trees added by this fit. */
  trees: number
  /** Shrinkage of every tree, in (0, 1]. */
  learningRate: number
  /** Most leaves of a tree, grown best first. */
  leaves: number
  /** Most splits between the root and a leaf; 0 means no limit. */
  maxDepth: number
  /** Most bins of a feature, 2..255, besides the bin of missing values. */
  bins: number
  minRowsPerLeaf: number
  /** Least sum of hessians (of weights, for squared loss) in a leaf. */
  minHessianPerLeaf: number
  /** Least loss reduction of a split. */
  minGain: number
  l1: number
  l2: number
  /** Share of the rows each tree sees, in (0, 1], drawn anew for every tree. */
  rowFraction: number
  /** Share of the features each tree sees, in (0, 1], drawn anew for every tree. */
  columnFraction: number
  /** Stops after this many trees without a lower validation loss; 0 means never. */
  earlyStopping: number
  /** 1: predictions never fall when the feature rises; -1: never rise. By feature name. */
  monotone: Readonly<Record<string, 1 | 0 | -1>>
  /** Rows of mean zero gradient added to a category before categories are sorted. */
  categorySmoothing: number
  /** L2 added to `l2` in categorical splits. */
  categoryL2: number
  /** Most categories on the named side of one split. */
  maxCategoriesPerSplit: number
  /** Least rows by which two candidate groups of categories differ. */
  minRowsPerCategoryGroup: number
  /** Up to this many categories, each is tried alone against the rest. */
  oneHotCategories: number
}

export const defaultParameters: BoostingParameters = {
  loss: "squared",
  quantile: 0.5,
  huberDelta: 1,
  trees: 100,
  learningRate: 0.1,
  leaves: 31,
  maxDepth: 0,
  bins: 255,
  minRowsPerLeaf: 20,
  minHessianPerLeaf: 1e-3,
  minGain: 0,
  l1: 0,
  l2: 0,
  rowFraction: 1,
  columnFraction: 1,
  earlyStopping: 0,
  monotone: {},
  categorySmoothing: 10,
  categoryL2: 10,
  maxCategoriesPerSplit: 32,
  minRowsPerCategoryGroup: 100,
  oneHotCategories: 4,
}

export const losses: readonly Loss[] = ["squared", "absolute", "quantile", "huber", "logistic", "poisson"]

/** Fills in defaults. Throws INVALID_INPUT for an unknown name or a value outside its range. */
export const resolveParameters = (given: Partial<BoostingParameters> = {}): BoostingParameters => {
  const names = Object.keys(defaultParameters)
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue
    const guess = nearest(name, names)
    throw new RoadmapError("INVALID_INPUT", `Boosting has no parameter "${name}".`, {
      hint: guess ? `Did you mean "${guess}"?` : `Parameters: ${names.join(", ")}.`,
    })
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const parameters: BoostingParameters = { ...defaultParameters, ...set }
  for (const [name, { low, high, whole, open }] of Object.entries(ranges)) {
    const value = parameters[name as keyof typeof ranges]
    const inside = value <= high && (open ? value > low : value >= low)
    if (typeof value === "number" && inside && (!whole || Number.isInteger(value))) continue
    throw new RoadmapError(
      "INVALID_INPUT",
      `Boosting parameter ${name} is ${String(value)}; it must be ${whole ? "a whole number" : "a number"} ` +
        `${open ? "above" : "from"} ${low} ${high === Infinity ? "up" : `to ${high}`}.`,
    )
  }
  if (!losses.includes(parameters.loss))
    throw new RoadmapError("INVALID_INPUT", `There is no loss "${String(parameters.loss)}".`, {
      hint: `Losses: ${losses.join(", ")}.`,
    })
  for (const [feature, direction] of Object.entries(parameters.monotone)) {
    if (direction === 1 || direction === 0 || direction === -1) continue
    throw new RoadmapError(
      "INVALID_INPUT",
      `monotone.${feature} is ${String(direction)}; it must be 1, 0 or -1.`,
    )
  }
  if (parameters.quantile === 1)
    throw new RoadmapError("INVALID_INPUT", "Boosting parameter quantile is 1; it must be below 1.")
  return parameters
}

interface Range {
  low: number
  high: number
  whole?: boolean
  open?: boolean
}

const ranges = {
  quantile: { low: 0, high: 1, open: true },
  huberDelta: { low: 0, high: Number.MAX_VALUE, open: true },
  trees: { low: 1, high: 100_000, whole: true },
  learningRate: { low: 0, high: 1, open: true },
  leaves: { low: 2, high: 4_096, whole: true },
  maxDepth: { low: 0, high: 4_096, whole: true },
  bins: { low: 2, high: 255, whole: true },
  minRowsPerLeaf: { low: 1, high: 2 ** 30, whole: true },
  minHessianPerLeaf: { low: 0, high: Number.MAX_VALUE },
  minGain: { low: 0, high: Number.MAX_VALUE },
  l1: { low: 0, high: Number.MAX_VALUE },
  l2: { low: 0, high: Number.MAX_VALUE },
  rowFraction: { low: 0, high: 1, open: true },
  columnFraction: { low: 0, high: 1, open: true },
  earlyStopping: { low: 0, high: 100_000, whole: true },
  categorySmoothing: { low: 0, high: Number.MAX_VALUE },
  categoryL2: { low: 0, high: Number.MAX_VALUE },
  maxCategoriesPerSplit: { low: 1, high: 255, whole: true },
  minRowsPerCategoryGroup: { low: 1, high: 2 ** 30, whole: true },
  oneHotCategories: { low: 0, high: 255, whole: true },
} satisfies Record<string, Range> as Record<NumericParameter, Range>

type NumericParameter = {
  [K in keyof BoostingParameters]: BoostingParameters[K] extends number ? K : never
}[keyof BoostingParameters]
