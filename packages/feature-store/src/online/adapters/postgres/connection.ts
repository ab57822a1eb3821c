import { type RetryOptions, retry, throwIfAborted } from "@roadmap/core/async"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import pg from "pg"
import { parseIntoClientConfig } from "pg-connection-string"
import type { PostgresOnlineOptions } from "../postgres.ts"
import { postgresError } from "./errors.ts"

/** A pool of connections, made when needed, which maps errors and survives a restart of the server. */
export interface PostgresConnection {
  /** What may be done twice: it is repeated when the connection breaks or two transactions block each other. */
  read<T>(work: Work<T>, signal?: AbortSignal): Promise<T>
  /** One statement that may have happened when its connection breaks: repeated only if it was certainly refused. */
  write<T>(work: Work<T>, signal?: AbortSignal): Promise<T>
  /** As `write`, between BEGIN and COMMIT. */
  transaction<T>(work: Work<T>, signal?: AbortSignal): Promise<T>
  close(): Promise<void>
}

/** Some three seconds in all: a server that restarts is back by then, and one that is gone is told in time. */
const backOff: RetryOptions = { attempts: 6, baseMs: 100, maxMs: 1_500 }

export const postgresConnection = (options: PostgresOnlineOptions): PostgresConnection => {
  const { url, password, connections = 4, statementTimeoutMs = 30_000, connectTimeoutMs = 5_000 } = options
  const place = placeOf(url)
  const pool = new pg.Pool({
    ...settingsOf(url),
    ...(password && { password }),
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeoutMs,
    // The server ends a statement first; this is for a server that does not answer at all.
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
    application_name: "roadmap-online-store",
    allowExitOnIdle: true,
  })
  // An idle connection that breaks leaves the pool by itself, and the next call makes another.
  pool.on("error", () => undefined)
  let closing: Promise<void> | undefined

  const once = async <T>(
    work: Work<T>,
    repeatable: readonly ErrorCode[],
    signal?: AbortSignal,
  ): Promise<T> => {
    if (closing) throw new RoadmapError("INTERNAL", `The online store at ${place} is closed.`)
    throwIfAborted(signal)
    // Nothing was asked yet: what fails here may be tried again whatever the work is.
    const client = await pool.connect().catch(error => {
      throw postgresError(error, place)
    })
    let broken = true
    // A connection that is ended under a running statement rejects it.
    const onAbort = () => void client.end()
    signal?.addEventListener("abort", onAbort, { once: true })
    // The statement's rejection tells of a broken connection; the event, unheard, would end the process.
    client.on("error", ignore)
    try {
      const result = await work(client)
      broken = false
      return result
    } catch (error) {
      throwIfAborted(signal)
      const known = postgresError(error, place)
      broken = known.code === "UNREACHABLE" || known.code === "TIMEOUT"
      throw repeatable.includes(known.code) ? known : new Final(known)
    } finally {
      signal?.removeEventListener("abort", onAbort)
      client.off("error", ignore)
      client.release(broken)
    }
  }
  const repeated = <T>(work: Work<T>, repeatable: readonly ErrorCode[], signal?: AbortSignal): Promise<T> =>
    retry(() => once(work, repeatable, signal), { ...backOff, ...(signal && { signal }) }).catch(error => {
      throw error instanceof Final ? error.error : error
    })

  return {
    read: (work, signal) => repeated(work, ["SERVICE_FAILED", "UNREACHABLE"], signal),
    write: (work, signal) => repeated(work, ["SERVICE_FAILED"], signal),
    transaction: (work, signal) =>
      repeated(
        async client => {
          await client.query("begin")
          try {
            const result = await work(client)
            await client.query("commit")
            return result
          } catch (error) {
            await client.query("rollback").catch(ignore)
            throw error
          }
        },
        ["SERVICE_FAILED"],
        signal,
      ),
    close: () => {
      closing ??= pool.end()
      return closing
    },
  }
}

type Work<T> = (client: pg.ClientBase) => Promise<T>

/** Carries an error past the retries. */
class Final extends Error {
  readonly error: RoadmapError
  constructor(error: RoadmapError) {
    super(error.message)
    this.error = error
  }
}

const ignore = () => undefined

/** Host, user, database and TLS (with its files) as the URL says. */
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
