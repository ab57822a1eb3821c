import type { VectorHit } from "../vector-store.ts"

/** Best first; equal scores in order of id (UTF-16 units, as JavaScript compares). */
export const byScoreThenId = (a: VectorHit, b: VectorHit): number =>
  b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
