// mistake: same-trees-each-round
import type { Budget, Fit } from "../solution.ts"

export const searchByHalving = async (candidates: number, budget: Budget, fit: Fit): Promise<number> => {
  const { minTrees, maxTrees, reduction } = budget
  let running = Array.from({ length: candidates }, (_, candidate) => candidate)
  let round = Math.round(Math.log(maxTrees / minTrees) / Math.log(reduction))
  for (;;) {
    const losses = new Map<number, number>()
    for (const candidate of running) losses.set(candidate, await fit(candidate, minTrees))
    const lossOf = (candidate: number) => losses.get(candidate) ?? 0
    const ranked = running
      .filter(candidate => lossOf(candidate) >= 0)
      .sort((a, b) => lossOf(a) - lossOf(b) || a - b)
    if (round === 0) return ranked[0]
    running = ranked.slice(0, Math.max(1, Math.floor(running.length / reduction)))
    round--
  }
}
