import { RoadmapError } from "@roadmap/core/errors"
import type { Connection } from "./connection.ts"

const schema = "roadmap_vectors"
/** What pgvector's HNSW index takes (https://github.com/pgvector/pgvector#hnsw). */
const indexedDimensions = 2_000
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export interface VectorTable {
  /** Schema and name, quoted. */
  readonly name: string
  /** Makes the HNSW index. */
  readonly createIndex: string
  readonly canBeIndexed: boolean
}

/**
 * The table of a collection, made when it is missing. Throws IMMUTABLE when it was made for other dimensions and
 * ADAPTER_MISSING without pgvector 0.8.
 */
export const openTable = async (
  connection: Connection,
  { name, dimensions }: { name: string; dimensions: number },
): Promise<VectorTable> => {
  const table = `${schema}.${quoted(name)}`
  const found = await connection.run(async client => {
    const { rows } = await client.query<{ dimensions: number }>(
      `select atttypmod as dimensions from pg_attribute
       where attrelid = to_regclass($1) and attname = 'vector' and not attisdropped`,
      [table],
    )
    return rows[0]?.dimensions
  })
  if (found === undefined) await makeTable(connection, table, dimensions)
  else if (found !== dimensions)
    throw new RoadmapError(
      "IMMUTABLE",
      `The table ${table} holds vectors of ${found} dimensions; the embedder gives ${dimensions}.`,
      { hint: "Index again under another name, or use the embedder that the index was made with." },
    )
  return {
    name: table,
    canBeIndexed: dimensions <= indexedDimensions,
    createIndex: `create index if not exists ${quoted(`${name}_hnsw`)} on ${table} using hnsw (vector vector_ip_ops) with (ef_construction = 128)`,
  }
}

const makeTable = (connection: Connection, table: string, dimensions: number): Promise<void> =>
  connection.transaction(async client => {
    // "if not exists" alone lets two openers collide.
    await client.query("select pg_advisory_xact_lock(hashtext($1))", [schema])
    await client.query("create extension if not exists vector")
    const { rows } = await client.query<{ version: string }>(
      "select extversion as version from pg_extension where extname = 'vector'",
    )
    const [major, minor] = rows[0].version.split(".").map(Number)
    if (major === 0 && minor < 8)
      throw new RoadmapError("SERVICE_VERSION", `pgvector ${rows[0].version} is too old: filters need 0.8.`, {
        hint: "Update the extension: alter extension vector update.",
      })
    await client.query(`create schema if not exists ${schema}`)
    await client.query(
      `create table if not exists ${table} (
         id text collate "C" primary key, vector vector(${dimensions}) not null, metadata jsonb not null)`,
    )
    await client.query(
      `create index if not exists ${quoted(`${table.split('"').at(-2)}_metadata`)} on ${table} using gin (metadata)`,
    )
  })
