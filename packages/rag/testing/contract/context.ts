import type { ErrorCode } from "@roadmap/core/errors"
import { createRandom } from "@roadmap/core/random"
import { expect } from "vitest"
import type { Filterable } from "../../src/filter.ts"
import type { VectorHit, VectorRecord, VectorStore } from "../../src/vector-store.ts"

/** What the rules are tried on. */
export interface ContractContext {
  /** A name that no collection has. */
  newName(): string
  open(name: string, dimensions?: number): Promise<VectorStore>
  /** A new, empty collection. Default 4 dimensions. */
  fresh(dimensions?: number): Promise<VectorStore>
}

export const vector = (...values: number[]): Float32Array => Float32Array.from(values)

export const record = (id: string, values: number[], metadata: Filterable = {}): VectorRecord => ({
  id,
  vector: Float32Array.from(values),
  metadata,
})

export const refused = async (code: ErrorCode, answer: Promise<unknown>): Promise<void> => {
  await expect(answer).rejects.toMatchObject({ name: "RoadmapError", code })
}

export const idsOf = (hits: readonly VectorHit[]): string[] => hits.map(({ id }) => id)

export const allIds = async (store: VectorStore): Promise<string[]> => {
  const ids: string[] = []
  for await (const id of store.ids()) ids.push(id)
  return ids.sort()
}

/** Vectors around some centres, as texts of some topics are; the same at each call. */
export const clusteredRecords = (count: number, dimensions: number, seed: number): VectorRecord[] => {
  const random = createRandom(seed)
  const centres = Array.from({ length: 20 }, () =>
    Float32Array.from({ length: dimensions }, () => random.normal()),
  )
  return Array.from({ length: count }, (_, i) => {
    const centre = centres[random.integer(centres.length)]
    return {
      id: `r${i}`,
      vector: centre.map(value => value + random.normal()),
      metadata: { part: i % 4, parity: i % 2 === 0 ? "even" : "odd" },
    }
  })
}

export const cosine = (a: Float32Array, b: Float32Array): number => {
  let [dot, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i]
    aa += a[i] * a[i]
    bb += b[i] * b[i]
  }
  return dot / Math.sqrt(aa * bb)
}
