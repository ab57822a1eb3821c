export interface FuseOptions {
  constant: number
  /** How many are wanted. */
  k: number
  /** One a list. Default: 1 each. */
  weights?: readonly number[]
}

export interface Fused {
  id: string
  score: number
}

/** Reciprocal rank fusion of lists of ids, best first. */
export const fuse = (lists: readonly (readonly string[])[], { constant, k }: FuseOptions): Fused[] => {
  return lists
    .flat()
    .slice(0, k)
    .map(id => ({ id, score: 1 / constant }))
}
