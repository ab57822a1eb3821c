import { throwIfAborted } from "@roadmap/core/async"
import { now } from "../now.ts"
import type { OnlineStore, ReadRequest } from "../port.ts"
import { checkView, otherVersion, replacedView } from "../schema.ts"
import { postgresConnection } from "./postgres/connection.ts"
import { isMissingTable } from "./postgres/errors.ts"
import { advanceProgress, readProgress, readPushed } from "./postgres/progress.ts"
import { readStatement } from "./postgres/read.ts"
import { storeSchema } from "./postgres/schema.ts"
import { upsertRows } from "./postgres/upsert.ts"
import { type PostgresView, viewTable } from "./postgres/views.ts"

export interface PostgresOnlineOptions {
  /** `postgresql://user:password@host:port/database?sslmode=verify-full`. */
  url: string
  /**
   * Asked for a password at each new connection, instead of the URL's: for tokens that expire within the hour, as
   * those of Databricks Lakebase do.
   */
  password?: () => Promise<string>
  /** The schema that holds the store's tables; made when missing. Default "online_store". */
  schema?: string
  /** The most connections of this process. Default 4. */
  connections?: number
  /** The longest a statement may run, in milliseconds. Default 30,000. */
  statementTimeoutMs?: number
  /** The longest that one attempt to connect may take, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number
}

/**
 * The OnlineStore in PostgreSQL, or in what speaks its protocol. A lost connection is made again, with back-off; reads
 * are then repeated, writes are not. Throws UNREACHABLE, AUTH_FAILED, CONFIG_INVALID (no such database, wrong TLS
 * mode), TIMEOUT, STATE_VERSION, PERMISSION, DISK_FULL. Nothing is sent before the first call.
 */
export const postgresOnlineStore = (options: PostgresOnlineOptions): OnlineStore => {
  const connection = postgresConnection(options)
  const schema = storeSchema(connection, options.schema ?? "online_store")
  const views = viewTable(connection, schema)

  const viewOf = async (name: string, version: string | undefined): Promise<PostgresView> => {
    const view = await views.get(name)
    if (version === undefined || version === view.codec.view.version) return view
    const present = await views.reload(name)
    if (version === present.codec.view.version) return present
    throw otherVersion(name, present.codec.view.version, version)
  }
  const readAll = async (requests: readonly ReadRequest[], asOf: bigint, signal?: AbortSignal) => {
    const asked = await Promise.all(
      requests.map(async ({ view: name, version, keys, features }) => {
        const view = await viewOf(name, version)
        const read = view.codec.reader(features)
        return { view, read, keys: keys.map(key => view.codec.encodeKey(key)) }
      }),
    )
    const { statement, valuesOf } = readStatement(schema.name, asked)
    if (!statement) return asked.map(() => [])
    const { rows } = await connection.read(client => client.query(statement), signal)
    const values = valuesOf(rows)
    return asked.map(({ read, keys }, request) => keys.map((key, i) => read(key, values[request][i], asOf)))
  }

  const readViews: OnlineStore["readViews"] = async (requests, { asOf = now(), signal } = {}) => {
    throwIfAborted(signal)
    try {
      return await readAll(requests, asOf, signal)
    } catch (error) {
      // Another process may have replaced a view, and with it the table that was read: then read the new one.
      if (!(await views.forgetReplaced())) throw error
      return readAll(requests, asOf, signal)
    }
  }

  return {
    async define(view, { replace = false } = {}) {
      checkView(view)
      await views.define(view, replace)
    },
    views: () => views.list(),
    view: name => views.find(name),
    async write(name, rows, { signal, advance } = {}) {
      throwIfAborted(signal)
      const { number, codec } = await views.reload(name)
      const encoded = codec.encode(rows)
      const table = schema.rowTable(number)
      const store = async (): Promise<number> => {
        if (!advance && encoded.rows <= upsertRows.atOnce)
          return connection.write(client => upsertRows(client, table, encoded, signal), signal)
        return connection.transaction(async client => {
          const applied = await upsertRows(client, table, encoded, signal)
          if (advance) await advanceProgress(client, schema, { number, name, advance })
          return applied
        }, signal)
      }
      const applied = await store().catch(error => {
        throw isMissingTable(error) ? replacedView(name) : error
      })
      return { rows: rows.rows, applied }
    },
    async read(view, keys, { features, version, ...moment } = {}) {
      const [rows] = await readViews(
        [{ view, keys, ...(features && { features }), ...(version !== undefined && { version }) }],
        moment,
      )
      return rows
    },
    readViews,
    progress: async name => readProgress(connection, schema, (await views.reload(name)).number),
    pushed: async name => readPushed(connection, schema, (await views.reload(name)).number),
    drop: name => views.drop(name),
    close: connection.close,
    [Symbol.asyncDispose]: connection.close,
  }
}
