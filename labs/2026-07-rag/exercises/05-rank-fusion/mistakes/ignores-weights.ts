// mistake: ignores-weights
import type { Fused, FuseOptions } from "../solution.ts"

export const fuse = (lists: readonly (readonly string[])[], { constant, k }: FuseOptions): Fused[] => {
  const scores = new Map<string, number>()
  for (const list of lists) {
    const seen = new Set<string>()
    for (const [position, id] of list.entries()) {
      if (seen.has(id)) continue
      seen.add(id)
      scores.set(id, (scores.get(id) ?? 0) + 1 / (constant + position + 1))
    }
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, k)
}
