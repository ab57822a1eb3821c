import { RoadmapError } from "@roadmap/core/errors"
import type { VectorRecord, VectorStore } from "../../src/vector-store.ts"

/** A vector store in a Map, which can lose records and fail, as real ones do. */
export const memoryStore = (dimensions = 64) => {
  const records = new Map<string, VectorRecord>()
  let callsUntilFailure = Number.POSITIVE_INFINITY
  const mayFail = () => {
    if (callsUntilFailure-- <= 0)
      throw new RoadmapError("UNREACHABLE", "The vector store does not answer.", { retryable: true })
  }
  const store: VectorStore = {
    kind: "memory",
    dimensions,
    async upsert(given) {
      mayFail()
      for (const record of given) records.set(record.id, record)
    },
    async search(vector, { k }) {
      const dot = (other: Float32Array) => other.reduce((sum, value, i) => sum + value * vector[i], 0)
      return [...records.values()]
        .map(({ id, vector: own }) => ({ id, score: dot(own) }))
        .sort((a, b) => b.score - a.score)
        .slice(0, k)
    },
    async delete(ids) {
      mayFail()
      for (const id of ids) records.delete(id)
    },
    count: async () => records.size,
    async *ids() {
      yield* records.keys()
    },
    async [Symbol.asyncDispose]() {},
  }
  return {
    store,
    records,
    failAfter: (calls: number) => {
      callsUntilFailure = calls
    },
    recover: () => {
      callsUntilFailure = Number.POSITIVE_INFINITY
    },
  }
}
