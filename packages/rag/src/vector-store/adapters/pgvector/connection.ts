import { retry, throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import pg from "pg"
import { parseIntoClientConfig } from "pg-connection-string"
import { postgresError } from "./errors.ts"

export type Work<T> = (client: pg.ClientBase) => Promise<T>

/** A pool of connections, made when needed, that maps errors and survives a restart of the server. */
export interface Connection {
  /** Work that may be done twice (all of a vector store's is: ids are idempotent keys), repeated when a connection breaks. */
  run<T>(work: Work<T>, signal?: AbortSignal): Promise<T>
  /** As `run`, between BEGIN and COMMIT. */
  transaction<T>(work: Work<T>, signal?: AbortSignal): Promise<T>
  close(): Promise<void>
}

const statementMs = 120_000

/** Throws CONFIG_INVALID for a URL that cannot be used; its calls throw what postgresError gives. */
export const openConnection = (url: string): Connection => {
  const place = placeOf(url)
  const pool = new pg.Pool({
    ...settingsOf(url),
    max: 4,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementMs,
    // The server ends a statement first; this is for a server that does not answer at all.
    query_timeout: statementMs + 5_000,
    keepAlive: true,
    application_name: "roadmap-vector-store",
    allowExitOnIdle: true,
  })
  // An idle connection that breaks leaves the pool by itself, and the next call makes another.
  pool.on("error", ignore)
  let closing: Promise<void> | undefined

  const once = async <T>(work: Work<T>, signal?: AbortSignal): Promise<T> => {
    if (closing) throw new RoadmapError("INTERNAL", `The vector store at ${place} is closed.`)
    throwIfAborted(signal)
    const client = await pool.connect().catch(error => {
      throw postgresError(error, place)
    })
    let broken = true
    // A connection that is ended under a running statement rejects it.
    const onAbort = () => void client.end().catch(ignore)
    signal?.addEventListener("abort", onAbort, { once: true })
    client.on("error", ignore)
    try {
      const result = await work(client)
      broken = false
      return result
    } catch (error) {
      throwIfAborted(signal)
      const known = postgresError(error, place)
      broken = known.code === "UNREACHABLE" || known.code === "TIMEOUT"
      throw known
    } finally {
      signal?.removeEventListener("abort", onAbort)
      client.off("error", ignore)
      client.release(broken)
    }
  }
  const run: Connection["run"] = (work, signal) =>
    retry(() => once(work, signal), { attempts: 5, maxMs: 1_500, ...(signal && { signal }) })

  return {
    run,
    transaction: (work, signal) =>
      run(async client => {
        await client.query("begin")
        try {
          const result = await work(client)
          await client.query("commit")
          return result
        } catch (error) {
          await client.query("rollback").catch(ignore)
          throw error
        }
      }, signal),
    close: () => {
      closing ??= pool.end()
      return closing
    },
  }
}

const ignore = () => undefined

const settingsOf = (url: string): pg.ClientConfig => {
  try {
    return parseIntoClientConfig(url)
  } catch (cause) {
    throw new RoadmapError("CONFIG_INVALID", `DATABASE_URL cannot be used: ${(cause as Error).message}`, {
      hint: "Look at its sslmode, sslrootcert, sslcert and sslkey.",
      cause,
    })
  }
}

/** `host:port/database`: what messages may show of a URL. */
const placeOf = (url: string): string => {
  const { hostname, port, pathname } = new URL(url)
  return `${hostname || "localhost"}:${port || 5432}${pathname}`
}
