export interface Budget {
  /** Trees of the first fits. */
  minTrees: number
  /** Trees of the last fits: minTrees times a power of `reduction`. */
  maxTrees: number
  /** One candidate in this many goes on, with this many times the trees. A whole number above 1. */
  reduction: number
}

/** Trains a candidate with so many trees: its loss on the validation rows, NaN when the fit failed. Lower is better. */
export type Fit = (candidate: number, trees: number) => Promise<number>

/**
 * Successive halving: many candidates with few trees, the best of them with more, and so on.
 * @param candidates how many there are: numbers 0, 1, 2, …
 * @returns the number of the best candidate among those with the full number of trees
 */
export const searchByHalving = async (candidates: number, budget: Budget, fit: Fit): Promise<number> => {
  await fit(0, budget.maxTrees)
  return candidates
}
