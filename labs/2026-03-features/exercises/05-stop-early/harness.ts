import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { Budget, searchByHalving } from "./solution.ts"

/**
 * How a candidate learns: its loss after so many trees is floor + gap × trees^-rate. A gap of NaN is a candidate whose
 * fits fail.
 */
export interface Curve {
  floor: number
  gap: number
  rate: number
}

export interface Search {
  winner: number
  /** Which candidates were fitted, with how many trees. */
  rungs: { trees: number; candidates: number[] }[]
  /** Trees of all fits together. */
  treesFitted: number
}

export const lossOf = ({ floor, gap, rate }: Curve, trees: number): number => floor + gap * trees ** -rate

/** (curves, budget) => the search, and what it cost. Fits are counted here, beside the answer. */
export default defineHarness(
  (answer: typeof searchByHalving) =>
    async (curves: readonly Curve[], budget: Budget): Promise<Search> => {
      const fits: { candidate: number; trees: number }[] = []
      const fit = async (candidate: number, trees: number): Promise<number> => {
        if (fits.length === 10_000) throw new Error("10,000 fits: this search does not end")
        if (!(candidate in curves)) throw new Error(`there is no candidate ${candidate}`)
        fits.push({ candidate, trees })
        return lossOf(curves[candidate], trees)
      }
      const winner = await answer(curves.length, budget, fit)
      const rungs = [...Map.groupBy(fits, one => one.trees)].map(([trees, ofRung]) => ({
        trees,
        candidates: ofRung.map(one => one.candidate).sort((a, b) => a - b),
      }))
      return { winner, rungs, treesFitted: fits.reduce((sum, one) => sum + one.trees, 0) }
    },
)
