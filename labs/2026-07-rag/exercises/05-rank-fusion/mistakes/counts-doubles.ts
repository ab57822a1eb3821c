// mistake: counts-doubles
import type { Fused, FuseOptions } from "../solution.ts"

export const fuse = (
  lists: readonly (readonly string[])[],
  { constant, k, weights }: FuseOptions,
): Fused[] => {
  const scores = new Map<string, number>()
  for (const [which, list] of lists.entries()) {
    const weight = weights?.[which] ?? 1
    if (weight === 0) continue
    for (const [position, id] of list.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + weight / (constant + position + 1))
    }
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, k)
}
