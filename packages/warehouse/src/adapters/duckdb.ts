import { availableParallelism } from "node:os"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { concatBatches } from "../batches.ts"
import type { ColumnBatch, QueryOptions, SqlEngine, SqlParameter } from "../port.ts"
import { duckdbError } from "./duckdb/errors.ts"
import { loadBatches, loadFiles, readingOf } from "./duckdb/load.ts"
import { execute } from "./duckdb/statement.ts"

export interface DuckdbOptions {
  path: string
  /** Where sorts and joins larger than memory go. */
  temporaryFolder: string
  /** DuckDB's share of memory, such as "1GB". */
  memoryLimit: string
  /** Default: one a core. */
  threads?: number
}

/** A DuckDB database file in this process. Opening the same file twice in one process shares it. */
export const duckdbEngine = async (options: DuckdbOptions): Promise<SqlEngine> => {
  const context = { databasePath: options.path }
  const instance = await openInstance(options).catch(error => {
    throw duckdbError(error, context)
  })
  const idle: DuckDBConnection[] = []
  const sessions = new Set<Session>()
  let closed = false

  const startSession = async (work: SessionOptions): Promise<Session> => {
    throwIfAborted(work.signal)
    if (closed) throw new RoadmapError("SQL_FAILED", `The warehouse ${options.path} is closed.`)
    const connection = idle.pop() ?? (await connect(instance))
    const stopInterrupting = interruptOnAbort(connection, work.signal)
    const stopReporting = reportProgress(connection, work.onProgress)
    const session: Session = {
      connection,
      waitsForReader: false,
      async end() {
        if (!sessions.delete(session)) return
        stopInterrupting()
        stopReporting()
        await session.discard?.()
        if (closed || idle.length >= 4) connection.disconnectSync()
        else idle.push(connection)
      },
    }
    sessions.add(session)
    return session
  }

  const inSession = async <T>(
    work: SessionOptions,
    run: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> => {
    const session = await startSession(work)
    try {
      return await run(session.connection)
    } catch (error) {
      throw duckdbError(error, context)
    } finally {
      await session.end()
    }
  }

  const query: SqlEngine["query"] = (sql, params, queryOptions = {}) =>
    inSession(queryOptions, async connection => {
      const result = await execute(connection, sql, params, "whole")
      const batches: ColumnBatch[] = []
      for (let batch = await result.next(); batch; batch = await result.next()) batches.push(batch)
      throwIfAborted(queryOptions.signal)
      return concatBatches(result.fields, batches)
    })

  async function* stream(sql: string, params?: readonly SqlParameter[], queryOptions: QueryOptions = {}) {
    const session = await startSession(queryOptions)
    const throwIfStopped = () => {
      throwIfAborted(queryOptions.signal)
      if (closed) throw new RoadmapError("INTERRUPTED", `The warehouse ${options.path} was closed.`)
    }
    try {
      const result = await execute(session.connection, sql, params, "streamed")
      session.discard = result.discard
      for (let batch = await result.next(); batch; batch = await result.next()) {
        session.waitsForReader = true
        yield batch
        session.waitsForReader = false
        throwIfStopped()
      }
      // To an interrupted result DuckDB just gives an end.
      throwIfStopped()
    } catch (error) {
      throw duckdbError(error, context)
    } finally {
      await session.end()
    }
  }

  const describe: SqlEngine["describe"] = source =>
    inSession({}, async connection => (await readingOf(connection, source)).fields)

  const load: SqlEngine["load"] = async (table, source, mode, { signal, onProgress } = {}) =>
    "files" in source
      ? inSession(
          { signal, onProgress: onProgress && ((share, rows) => onProgress({ rows, share })) },
          connection => loadFiles(connection, table, source, mode),
        )
      : inSession({ signal }, connection =>
          loadBatches(connection, table, source, mode, { signal, onProgress }),
        )

  const close = async () => {
    if (closed) return
    closed = true
    for (const session of sessions)
      if (session.waitsForReader) await session.end()
      else session.connection.interrupt()
    while (sessions.size > 0) await new Promise(resolve => setTimeout(resolve, 5))
    for (const connection of idle.splice(0)) connection.disconnectSync()
    instance.closeSync()
  }

  return { dialect: "duckdb", query, stream, describe, load, close, [Symbol.asyncDispose]: close }
}

/** One statement's connection, from its start to the last row or the moment the reader leaves. */
interface Session {
  readonly connection: DuckDBConnection
  /** Frees a streamed result that was not read to its end. */
  discard?: () => Promise<void>
  /** True while a streamed batch is in the reader's hands. */
  waitsForReader: boolean
  end(): Promise<void>
}

interface SessionOptions {
  signal?: AbortSignal
  onProgress?: (share: number, rows: number) => void
}

const openInstance = async (options: DuckdbOptions): Promise<DuckDBInstance> => {
  // The cache makes a second opener in this process share the database: two would corrupt the file.
  const instance = await DuckDBInstance.fromCache(options.path, {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: options.memoryLimit,
    temp_directory: options.temporaryFolder,
    autoinstall_known_extensions: "false",
  })
  const connection = await instance.connect()
  try {
    await connection.run("SET GLOBAL TimeZone = 'UTC'")
  } finally {
    connection.disconnectSync()
  }
  return instance
}

const connect = async (instance: DuckDBInstance): Promise<DuckDBConnection> => {
  const connection = await instance.connect()
  // Counts what is done without printing it; `reportProgress` reads the count.
  await connection.run("SET enable_progress_bar = true")
  await connection.run("SET enable_progress_bar_print = false")
  return connection
}

/** Repeats the interrupt: DuckDB forgets one that arrives between two statements. */
const interruptOnAbort = (connection: DuckDBConnection, signal: AbortSignal | undefined): (() => void) => {
  if (!signal) return () => undefined
  let timer: NodeJS.Timeout | undefined
  const interrupt = () => {
    connection.interrupt()
    timer = setInterval(() => connection.interrupt(), 20)
  }
  signal.addEventListener("abort", interrupt, { once: true })
  return () => {
    clearInterval(timer)
    signal.removeEventListener("abort", interrupt)
  }
}

const reportProgress = (
  connection: DuckDBConnection,
  onProgress: SessionOptions["onProgress"],
): (() => void) => {
  if (!onProgress) return () => undefined
  const timer = setInterval(() => {
    const { percentage, rows_processed: rows } = connection.progress
    if (percentage >= 0) onProgress(Math.min(1, percentage / 100), Number(rows))
  }, 150)
  return () => clearInterval(timer)
}
