export interface Budget {
  minTrees: number
  maxTrees: number
  reduction: number
}

export type Fit = (candidate: number, trees: number) => Promise<number>

/** Successive halving: many candidates with few trees, the best of them with more, and so on. */
export const searchByHalving = async (candidates: number, budget: Budget, fit: Fit): Promise<number> => {
  const { minTrees, maxTrees, reduction } = budget
  let running = Array.from({ length: candidates }, (_, candidate) => candidate)
  for (let trees = minTrees; ; trees *= reduction) {
    const scored = await Promise.all(
      running.map(async candidate => ({ candidate, loss: await fit(candidate, trees) })),
    )
    const ranked = scored
      .filter(({ loss }) => !Number.isNaN(loss))
      .sort((a, b) => a.loss - b.loss || a.candidate - b.candidate)
      .map(({ candidate }) => candidate)
    if (trees >= maxTrees) return ranked[0]
    running = ranked.slice(0, Math.max(1, Math.floor(running.length / reduction)))
  }
}
