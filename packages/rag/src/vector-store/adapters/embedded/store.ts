import { breathe, throwIfAborted } from "@roadmap/core/async"
import type { Filter } from "../../../filter.ts"
import type { VectorStore } from "../../../vector-store.ts"
import { checkDimensions, checkK, checkRecords, unitVector } from "../../check.ts"
import { byScoreThenId } from "../../order.ts"
import { createCollection } from "./collection.ts"
import { openVectorFile } from "./file.ts"

export interface EmbeddedStoreOptions {
  /** Folder of `vectors.sqlite`; made when missing. */
  folder: string
  dimensions: number
}

/**
 * The vector store without a server: a SQLite file that several processes may share, and its vectors in memory (4 bytes a
 * number, and one bit more) from the first search on. Up to 5,000 vectors that fit the filter, all are compared; above,
 * codes of one bit a dimension pick the candidates. Throws IMMUTABLE for a file of other dimensions, and STATE_CORRUPT,
 * STATE_VERSION, STATE_LOCKED, PERMISSION or DISK_FULL.
 */
export const openEmbeddedStore = async ({
  folder,
  dimensions,
}: EmbeddedStoreOptions): Promise<VectorStore> => {
  const file = openVectorFile(folder, checkDimensions(dimensions))
  const collection = createCollection(file, dimensions)
  return {
    kind: "embedded",
    dimensions,
    async upsert(records, signal) {
      throwIfAborted(signal)
      const checked = checkRecords(records, dimensions)
      await breathe(signal)
      if (checked.length > 0) collection.written(file.upsert(checked), checked)
    },
    async search(vector, { k, filter, exact = false, signal }) {
      throwIfAborted(signal)
      checkK(k)
      const query = unitVector(vector, dimensions, "The query")
      return collection.search(query, { k, filter, exact }).sort(byScoreThenId).slice(0, k)
    },
    async delete(ids, signal) {
      throwIfAborted(signal)
      if (ids.length > 0) collection.deleted(file.delete(ids), ids)
    },
    count: async (filter?: Filter) => (filter ? collection.count(filter) : file.count()),
    async *ids(signal) {
      for (const block of file.ids()) {
        throwIfAborted(signal)
        yield* block
      }
    },
    async [Symbol.asyncDispose]() {
      file.close()
    },
  }
}
