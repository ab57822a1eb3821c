import { mkdirSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"

export type SqlValue = null | number | bigint | string | Uint8Array
export type Row = Record<string, unknown>

/** An embedded SQLite file in WAL mode, shared by processes. Statements are prepared once. */
export interface StateFile {
  path: string
  /** Every row. */
  all<T = Row>(sql: string, ...parameters: SqlValue[]): T[]
  /** The first row. */
  get<T = Row>(sql: string, ...parameters: SqlValue[]): T | undefined
  run(sql: string, ...parameters: SqlValue[]): { changes: number; lastInsertRowid: number }
  /**
   * One transaction that takes the write lock at its start (BEGIN IMMEDIATE), so that what is read in it is still true
   * when it writes. Another process' transaction is waited for; STATE_LOCKED after `busyTimeoutMs`.
   */
  write<T>(work: () => T): T
  /** One transaction that sees a single moment of the file. */
  read<T>(work: () => T): T
  close(): void
}

export interface StateFileOptions {
  path: string
  /** What the file holds, for messages: "tracking". */
  title: string
  /** Written to the file's header (PRAGMA application_id), so that one kind is never taken for another. */
  applicationId: number
  /** `migrations[i]` takes schema version i to i + 1. The file's version is its PRAGMA user_version. */
  migrations: readonly string[]
  /**
   * "full" makes each commit survive a power cut; "normal" makes it survive a kill of the process and costs no disk
   * flush a commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
   */
  durability: "full" | "normal"
  busyTimeoutMs?: number
  /** Opens the database: given by the adapter, the only place that imports node:sqlite. */
  connect: (path: string, busyTimeoutMs: number) => DatabaseSync
}

/**
 * Opens the file, creates or migrates its tables. Throws STATE_CORRUPT, STATE_VERSION (written by a newer program),
 * STATE_LOCKED, PERMISSION or DISK_FULL, each with what to do.
 */
export const openStateFile = (options: StateFileOptions): StateFile => {
  const { path, title, connect, busyTimeoutMs = 10_000 } = options
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw fromSqlite(error, path, title)
    }
  }
  const database = guarded(() => {
    mkdirSync(dirname(path), { recursive: true })
    return connect(path, busyTimeoutMs)
  })
  try {
    guarded(() => prepareDatabase(database, options))
  } catch (error) {
    database.close()
    throw error
  }

  const statements = new Map<string, StatementSync>()
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  const transaction = <T>(begin: string, work: () => T): T =>
    guarded(() => {
      database.exec(begin)
      try {
        const result = work()
        database.exec("commit")
        return result
      } finally {
        // A failed write may have rolled back by itself (https://www.sqlite.org/lang_transaction.html).
        if (database.isTransaction) database.exec("rollback")
      }
    })

  return {
    path,
    all: <T>(sql: string, ...parameters: SqlValue[]) =>
      guarded(() => prepared(sql).all(...parameters) as T[]),
    get: <T>(sql: string, ...parameters: SqlValue[]) =>
      guarded(() => prepared(sql).get(...parameters) as T | undefined),
    run: (sql, ...parameters) =>
      guarded(() => {
        const { changes, lastInsertRowid } = prepared(sql).run(...parameters)
        return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) }
      }),
    write: work => transaction("begin immediate", work),
    read: work => transaction("begin", work),
    close: () => {
      if (database.isOpen) guarded(() => database.close())
    },
  }
}

const prepareDatabase = (database: DatabaseSync, options: StateFileOptions): void => {
  const { path, title, applicationId, migrations, durability, busyTimeoutMs = 10_000 } = options
  const pragma = (name: string) => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0]
  const owner = pragma("application_id")
  if (owner !== 0 && owner !== applicationId)
    throw new RoadmapError("STATE_CORRUPT", `${path} is a SQLite file, but not a ${title} file.`, {
      hint: "Move it away, or restore the right one.",
    })
  if (pragma("journal_mode") !== "wal") enterWal(database, Date.now() + busyTimeoutMs)
  database.exec(`pragma synchronous = ${durability}; pragma foreign_keys = on`)
  if (pragma("user_version") === migrations.length && owner === applicationId) return

  database.exec("begin immediate")
  try {
    // Read again: another process may have migrated while this one waited for the lock.
    const version = Number(pragma("user_version"))
    if (version > migrations.length)
      throw new RoadmapError(
        "STATE_VERSION",
        `${path} was written by a newer version (${title} schema ${version}); this one knows schemas up to ${migrations.length}.`,
        { hint: "Update this checkout, or point ROADMAP_HOME at another folder." },
      )
    for (const migration of migrations.slice(version)) database.exec(migration)
    database.exec(`pragma application_id = ${applicationId}; pragma user_version = ${migrations.length}`)
    database.exec("commit")
  } finally {
    if (database.isTransaction) database.exec("rollback")
  }
}

/** Two processes that turn a new file to WAL at once get SQLITE_BUSY whatever the timeout: try again until the deadline. */
const enterWal = (database: DatabaseSync, deadline: number): void => {
  for (;;) {
    try {
      database.exec("pragma journal_mode = wal")
      return
    } catch (error) {
      if (resultCode(error) !== BUSY || Date.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

// https://www.sqlite.org/rescode.html; the low byte is the primary code.
const PERM = 3
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

const resultCode = (error: unknown): number | undefined => {
  const { code, errcode } = error as { code?: string; errcode?: number }
  return code === "ERR_SQLITE_ERROR" && errcode !== undefined ? errcode & 0xff : undefined
}

/** Gives an error of SQLite (or of the file system) the project's code and a hint. */
const fromSqlite = (cause: unknown, path: string, title: string): RoadmapError => {
  const diskFull = () =>
    new RoadmapError("DISK_FULL", `${path} cannot be written: the disk is full.`, {
      hint: "Free space, then run the same command again.",
      cause,
    })
  switch (resultCode(cause)) {
    case CORRUPT:
    case NOTADB:
      return new RoadmapError(
        "STATE_CORRUPT",
        `${path} (${title}) is damaged: ${(cause as Error).message}.`,
        {
          hint: "Restore it from a backup, or delete all state with `roadmap clean` and run again.",
          cause,
        },
      )
    case PERM:
    case READONLY:
    case CANTOPEN:
      if (availableBytes(path) === 0) return diskFull()
      return new RoadmapError("PERMISSION", `${path} (${title}) cannot be opened for writing.`, {
        hint: "Give this user permission on the folder, or set ROADMAP_HOME to a writable one.",
        cause,
      })
    case BUSY:
    case LOCKED:
      return new RoadmapError("STATE_LOCKED", `${path} (${title}) is being written by another process.`, {
        hint: "Wait for it, or end it, then run the same command again.",
        retryable: true,
        cause,
      })
    case FULL:
      return diskFull()
    case IOERR:
      if (availableBytes(path) === 0) return diskFull()
      return new RoadmapError(
        "STATE_CORRUPT",
        `${path} (${title}) cannot be read or written: ${(cause as Error).message}.`,
        {
          hint: "Check the disk.",
          cause,
        },
      )
  }
  return toRoadmapError(cause)
}

/** Free bytes on the disk of a path; -1 when that cannot be told. */
const availableBytes = (path: string): number => {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return bavail * bsize
  } catch {
    return -1
  }
}
