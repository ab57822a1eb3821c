import { throwIfAborted } from "@roadmap/core/async"
import type pg from "pg"
import type { VectorHit, VectorRecord, VectorStore } from "../../../vector-store.ts"
import { checkDimensions, checkK, checkRecords, unitVector } from "../../check.ts"
import { byScoreThenId } from "../../order.ts"
import { openConnection } from "./connection.ts"
import { filterSql } from "./filter-sql.ts"
import { openTable } from "./table.ts"

export interface PgVectorOptions {
  url: string
  /** Name of the table. */
  name: string
  dimensions: number
}

/** Below it, comparing all is as fast as the index, and exact. */
const rowsForIndex = 5_000
/** Rows of one statement. */
const rowsAtOnce = 2_000
/** Hits beyond k that are fetched, so that equal scores at the end are in order of id. */
const slack = 16
/** Candidates of the HNSW search (hnsw.ef_search): recall against time. */
const candidates = 160
const mostCandidates = 1_000

/**
 * Vectors in PostgreSQL with pgvector: a table a collection in the schema roadmap_vectors, from 5,000 rows on with an HNSW
 * index, whose scan goes on until a filter has k hits (hnsw.iterative_scan). Vectors of more than 2,000 dimensions have no
 * index. Throws AUTH_FAILED, UNREACHABLE, TIMEOUT, CONFIG_INVALID, ADAPTER_MISSING, SERVICE_VERSION, IMMUTABLE.
 */
export const openPgVectorStore = async ({ url, name, dimensions }: PgVectorOptions): Promise<VectorStore> => {
  checkDimensions(dimensions)
  const connection = openConnection(url)
  const table = await openTable(connection, { name, dimensions }).catch(async error => {
    await connection.close()
    throw error
  })

  /** Once, when the table has grown; a table that somebody else indexed keeps that index. */
  let indexed = !table.canBeIndexed
  const indexWhenLarge = async (signal?: AbortSignal) => {
    if (indexed) return
    const large = `select count(*) >= ${rowsForIndex} as large from (select 1 from ${table.name} limit ${rowsForIndex}) rows`
    indexed = await connection.run(async client => {
      if (!(await client.query<{ large: boolean }>(large)).rows[0].large) return false
      await client.query("set statement_timeout = 0; set maintenance_work_mem = '512MB'")
      try {
        await client.query({ text: table.createIndex, query_timeout: indexMs } as pg.QueryConfig)
        await client.query({ text: `analyze ${table.name}`, query_timeout: indexMs } as pg.QueryConfig)
      } finally {
        await client.query("reset statement_timeout; reset maintenance_work_mem")
      }
      return true
    }, signal)
  }
  const statement = (filter: string, exact: boolean) => {
    const nearest = `select id, -(vector <#> $1::vector) as score from ${table.name} where ${filter}`
    // Ordering by something else than the distance alone keeps PostgreSQL from using the index.
    return exact
      ? `${nearest} order by vector <#> $1::vector, id limit $2`
      : `select * from (${nearest} order by vector <#> $1::vector limit $2) hits`
  }
  const hitsOf = async (client: pg.ClientBase, text: string, values: unknown[]): Promise<VectorHit[]> =>
    (await client.query<VectorHit>(text, values)).rows

  return {
    kind: "pgvector",
    dimensions,
    async upsert(records, signal) {
      throwIfAborted(signal)
      const checked = checkRecords(records, dimensions)
      if (checked.length === 0) return
      // In order of id, so that two writers wait for each other and never block each other.
      checked.sort((a, b) => (a.id < b.id ? -1 : 1))
      await connection.transaction(async client => {
        for (let from = 0; from < checked.length; from += rowsAtOnce) {
          throwIfAborted(signal)
          const some = checked.slice(from, from + rowsAtOnce)
          await client.query(
            `insert into ${table.name} (id, vector, metadata)
             select * from unnest($1::text[], $2::text[]::vector[], $3::text[]::jsonb[])
             on conflict (id) do update set vector = excluded.vector, metadata = excluded.metadata`,
            [
              some.map(({ id }) => id),
              some.map(vectorText),
              some.map(({ metadata }) => JSON.stringify(metadata)),
            ],
          )
        }
      }, signal)
      await indexWhenLarge(signal)
    },
    async search(vector, { k, filter, exact = false, signal }) {
      throwIfAborted(signal)
      checkK(k)
      const query = unitVector(vector, dimensions, "The query")
      const { sql, values } = filterSql(filter, 3)
      const bound = [vectorText({ vector: query }), k + slack, ...values]
      const hits = await connection.transaction(async client => {
        const ef = Math.min(mostCandidates, Math.max(candidates, k + slack))
        await client.query(`set local hnsw.ef_search = ${ef}; set local hnsw.iterative_scan = strict_order`)
        return hitsOf(client, statement(sql, exact), bound)
      }, signal)
      return hits
        .map(({ id, score }) => ({ id, score: Math.max(-1, Math.min(1, score)) }))
        .sort(byScoreThenId)
        .slice(0, k)
    },
    async delete(ids, signal) {
      throwIfAborted(signal)
      if (ids.length === 0) return
      await connection.run(
        client => client.query(`delete from ${table.name} where id = any($1::text[])`, [[...ids].sort()]),
        signal,
      )
    },
    async count(filter) {
      const { sql, values } = filterSql(filter, 1)
      const { rows } = await connection.run(client =>
        client.query<{ count: string }>(`select count(*) as count from ${table.name} where ${sql}`, values),
      )
      return Number(rows[0].count)
    },
    async *ids(signal) {
      for (let last = ""; ; ) {
        const { rows } = await connection.run(
          client =>
            client.query<{ id: string }>(
              `select id from ${table.name} where id > $1 order by id limit 10000`,
              [last],
            ),
          signal,
        )
        if (rows.length === 0) return
        for (const { id } of rows) yield id
        last = rows[rows.length - 1].id
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

const indexMs = 30 * 60_000

/** pgvector's text form; a 32-bit float in nine digits is read back to the last bit. */
const vectorText = ({ vector }: Pick<VectorRecord, "vector">): string => {
  let text = "["
  for (let i = 0; i < vector.length; i++) text += `${i === 0 ? "" : ","}${vector[i].toPrecision(9)}`
  return `${text}]`
}
