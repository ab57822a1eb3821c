// mistake: trains-all-to-the-end
import type { Budget, Fit } from "../solution.ts"

export const searchByHalving = async (
  candidates: number,
  { maxTrees }: Budget,
  fit: Fit,
): Promise<number> => {
  let best = { candidate: 0, loss: Infinity }
  for (let candidate = 0; candidate < candidates; candidate++) {
    const loss = await fit(candidate, maxTrees)
    if (loss < best.loss) best = { candidate, loss }
  }
  return best.candidate
}
