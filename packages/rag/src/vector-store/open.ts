import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import type { VectorStore } from "../vector-store.ts"

export interface VectorStoreOptions {
  /** Name of the collection: lower-case letters, digits, "-" and "_", at most 40, beginning with a letter. */
  name: string
  dimensions: number
  /** Folder of the embedded store: its file is vectors.sqlite. */
  folder: string
}

/**
 * The vector store that the configuration selects: Qdrant where QDRANT_URL is set, PostgreSQL with pgvector where
 * DATABASE_URL is, else the embedded one. Throws INVALID_INPUT for a bad name, and what the adapters throw.
 */
export const openVectorStore = async (
  config: Pick<Config, "database" | "qdrant">,
  { name, dimensions, folder }: VectorStoreOptions,
): Promise<VectorStore> => {
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(name))
    throw new RoadmapError("INVALID_INPUT", `"${name}" cannot be the name of a collection of vectors.`, {
      hint: 'Use 1 to 40 lower-case letters, digits, "-" and "_", beginning with a letter.',
    })
  if (config.qdrant) {
    const { openQdrantStore } = await import("./adapters/qdrant/store.ts")
    return openQdrantStore({ ...config.qdrant, name, dimensions })
  }
  if (config.database) {
    const { openPgVectorStore } = await import("./adapters/pgvector/store.ts")
    return openPgVectorStore({ url: config.database.url, name, dimensions })
  }
  const { openEmbeddedStore } = await import("./adapters/embedded/store.ts")
  return openEmbeddedStore({ folder, dimensions })
}
