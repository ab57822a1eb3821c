import { throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { concatBatches } from "../batches.ts"
import type { ColumnBatch, QueryOptions, SqlEngine, SqlParameter } from "../port.ts"
import { type Connection, connect, type Timeouts } from "./databricks/connect.ts"
import { describeFiles, loadSource } from "./databricks/load.ts"
import { type SessionPool, sessionPool } from "./databricks/sessions.ts"
import { type RunningStatement, startStatement } from "./databricks/statement.ts"

export interface DatabricksOptions {
  /** Such as "https://adb-1234567890123456.7.azuredatabricks.net". */
  host: string
  token: string
  /** Such as "/sql/1.0/warehouses/0123456789abcdef". */
  httpPath: string
  /** Where files are read and staged on this machine. */
  temporaryFolder: string
  /**
   * A Unity Catalog volume's folder, such as "/Volumes/main/default/staging". Loads then go through Parquet files there;
   * without one they go as INSERT statements.
   */
  volume?: string
  timeouts?: Partial<Timeouts>
}

const defaultTimeouts: Timeouts = { answerMs: 120_000, startMs: 600_000, statementMs: 3_600_000 }

/**
 * A Databricks SQL warehouse. A statement is a transaction of its own and there are no others, so `load` fills a table
 * beside the target and publishes it by one statement. Connects with the first call. Throws CONFIG_INVALID for a host without TLS.
 */
export const databricksEngine = (options: DatabricksOptions): SqlEngine => {
  const address = addressOf(options)
  const closing = new AbortController()
  let opened: Promise<{ connection: Connection; pool: SessionPool }> | undefined

  const open = () => {
    opened ??= connect(address, { ...defaultTimeouts, ...options.timeouts }).then(connection => ({
      connection,
      pool: sessionPool(connection),
    }))
    return opened
  }

  const start = async (
    sql: string,
    params: readonly SqlParameter[] | undefined,
    work: QueryOptions,
  ): Promise<RunningStatement> => {
    throwIfAborted(work.signal)
    if (closing.signal.aborted)
      throw new RoadmapError("SQL_FAILED", `The warehouse ${address.host} is closed.`)
    const signal = work.signal ? AbortSignal.any([work.signal, closing.signal]) : closing.signal
    const { connection, pool } = await open()
    for (;;) {
      const session = await pool.take(signal)
      try {
        const statement = await startStatement(connection, session, sql, { ...work, params, signal })
        return {
          ...statement,
          async close() {
            await statement.close()
            pool.give(session, !changesSession.test(sql))
          },
        }
      } catch (error) {
        const wasIdle = session.used
        pool.give(session, isFaultOfStatement(error) && !isEndedSession(error) && !changesSession.test(sql))
        if (!wasIdle || !isEndedSession(error)) throw error
      }
    }
  }

  const query: SqlEngine["query"] = async (sql, params, queryOptions = {}) => {
    const statement = await start(sql, params, queryOptions)
    try {
      const batches: ColumnBatch[] = []
      for (let batch = await statement.next(); batch; batch = await statement.next()) batches.push(batch)
      throwIfAborted(queryOptions.signal)
      return concatBatches(statement.fields, batches)
    } finally {
      await statement.close()
    }
  }

  async function* stream(sql: string, params?: readonly SqlParameter[], queryOptions: QueryOptions = {}) {
    const throwIfStopped = () => {
      throwIfAborted(queryOptions.signal)
      throwIfAborted(closing.signal)
    }
    const statement = await start(sql, params, queryOptions)
    try {
      let ahead = statement.next()
      for (let batch = await ahead; batch; batch = await ahead) {
        // One batch is fetched while the reader works on the one before, never more.
        ahead = statement.next()
        ahead.catch(() => undefined)
        yield batch
        throwIfStopped()
      }
    } finally {
      await statement.close()
    }
  }

  const describe: SqlEngine["describe"] = source => describeFiles(source, options)

  const load: SqlEngine["load"] = async (table, source, mode, loadOptions = {}) => {
    throwIfAborted(loadOptions.signal)
    const { connection } = await open()
    return loadSource({ query, connection, ...options }, table, source, mode, loadOptions)
  }

  const close = async () => {
    if (closing.signal.aborted) return
    closing.abort(new RoadmapError("INTERRUPTED", `The warehouse ${address.host} was closed.`))
    const { connection, pool } = (await opened?.catch(() => undefined)) ?? {}
    await pool?.close()
    await connection?.close()
  }

  return { dialect: "spark", query, stream, describe, load, close, [Symbol.asyncDispose]: close }
}

const addressOf = ({ host, token, httpPath }: DatabricksOptions) => {
  const { protocol, hostname, port } = new URL(host)
  if (protocol !== "https:")
    throw new RoadmapError("CONFIG_INVALID", "DATABRICKS_HOST: expected a URL with https.")
  return { host: hostname, port: Number(port) || 443, token, httpPath: `/${httpPath.replace(/^\//, "")}` }
}

/** After these a session is not as it was; it is closed, so that nothing carries over. */
const changesSession =
  /^\s*(SET|RESET|USE|DECLARE|DROP\s+TEMPORARY|CREATE\s+(OR\s+REPLACE\s+)?(GLOBAL\s+)?TEMP(ORARY)?|CACHE|BEGIN|EXECUTE)\b/i

/** The warehouse answered, so that the session is as good as before; after a lost or late answer it may be busy. */
const isFaultOfStatement = (error: unknown): boolean =>
  isRoadmapError(error) &&
  ["SQL_INVALID", "SQL_FAILED", "TABLE_MISSING", "ALREADY_EXISTS", "PERMISSION", "INVALID_INPUT"].includes(
    error.code,
  )

/** A warehouse that was stopped, or idle too long, has forgotten its sessions; the statement did not begin. */
const isEndedSession = (error: unknown): boolean =>
  isRoadmapError(error) &&
  /invalid sessionhandle|session .*(expired|closed|does not exist)/i.test(error.message)
