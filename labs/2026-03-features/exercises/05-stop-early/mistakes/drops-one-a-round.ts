// mistake: drops-one-a-round
import type { Budget, Fit } from "../solution.ts"

export const searchByHalving = async (candidates: number, budget: Budget, fit: Fit): Promise<number> => {
  const { minTrees, maxTrees, reduction } = budget
  let running = Array.from({ length: candidates }, (_, candidate) => candidate)
  let trees = minTrees
  for (;;) {
    const losses = new Map<number, number>()
    for (const candidate of running) losses.set(candidate, await fit(candidate, trees))
    const lossOf = (candidate: number) => losses.get(candidate) ?? 0
    const ranked = running
      .filter(candidate => lossOf(candidate) >= 0)
      .sort((a, b) => lossOf(a) - lossOf(b) || a - b)
    if (trees >= maxTrees) return ranked[0]
    running = ranked.slice(0, Math.max(1, running.length - 1))
    trees = trees * reduction
  }
}
