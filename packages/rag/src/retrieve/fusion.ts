/** How several rankings become one. */
export type Fusion =
  /** Sum over the lists of 1 / (constant + rank): Cormack, Clarke and Büttcher, SIGIR 2009. Default constant 60. */
  | { kind: "rrf"; constant?: number }
  /** Weighted sum of scores scaled to 0..1 within each list; `dense` is the weight of cosine, the rest is BM25's. */
  | { kind: "convex"; dense: number }

export interface RankedList {
  way: "bm25" | "dense"
  /** Best first. */
  hits: readonly { id: string; score: number }[]
}

/** The fused score of every id in the lists. */
export const fuse = (lists: readonly RankedList[], fusion: Fusion): Map<string, number> => {
  const fused = new Map<string, number>()
  for (const { way, hits } of lists) {
    const last = hits.at(-1)?.score ?? 0
    const range = (hits[0]?.score ?? 0) - last
    for (const [i, { id, score }] of hits.entries())
      fused.set(
        id,
        (fused.get(id) ?? 0) + share(fusion, way, i + 1, range === 0 ? 1 : (score - last) / range),
      )
  }
  return fused
}

/** What a place in one list adds. `scaled` is 1 for the list's first and 0 for its last. */
const share = (fusion: Fusion, way: RankedList["way"], rank: number, scaled: number): number => {
  if (fusion.kind === "rrf") return 1 / ((fusion.constant ?? 60) + rank)
  return (way === "dense" ? fusion.dense : 1 - fusion.dense) * scaled
}
