export interface FuseOptions {
  constant: number
  k: number
  weights?: readonly number[]
}

export interface Fused {
  id: string
  score: number
}

/** Reciprocal rank fusion of lists of ids, best first. */
export const fuse = (
  lists: readonly (readonly string[])[],
  { constant, k, weights }: FuseOptions,
): Fused[] => {
  const scores = new Map<string, number>()
  for (const [which, list] of lists.entries()) {
    const weight = weights?.[which] ?? 1
    if (weight === 0) continue
    const seen = new Set<string>()
    for (const [position, id] of list.entries()) {
      if (seen.has(id)) continue
      seen.add(id)
      scores.set(id, (scores.get(id) ?? 0) + weight / (constant + position + 1))
    }
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .slice(0, k)
}
