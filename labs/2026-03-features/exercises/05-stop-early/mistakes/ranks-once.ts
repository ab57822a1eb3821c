// mistake: ranks-once
import type { Budget, Fit } from "../solution.ts"

export const searchByHalving = async (candidates: number, budget: Budget, fit: Fit): Promise<number> => {
  const { minTrees, maxTrees, reduction } = budget
  let running = Array.from({ length: candidates }, (_, candidate) => candidate)
  for (let trees = minTrees; ; trees *= reduction) {
    const losses = await Promise.all(running.map(candidate => fit(candidate, trees)))
    if (trees === minTrees)
      running = running
        .filter(candidate => losses[candidate] >= 0)
        .sort((a, b) => losses[a] - losses[b] || a - b)
    if (trees >= maxTrees) return running[0]
    running = running.slice(0, Math.max(1, Math.floor(losses.length / reduction)))
  }
}
