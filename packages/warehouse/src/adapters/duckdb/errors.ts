import { type ErrorCode, RoadmapError, toRoadmapError } from "@roadmap/core/errors"

/**
 * DuckDB's failures under the project's codes. Its bindings throw plain Errors whose message starts with the
 * kind ("Parser Error: …"), so the text is all there is to go by.
 */
export const duckdbError = (error: unknown, context: { databasePath: string }): RoadmapError => {
  if (error instanceof RoadmapError) return error
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code) return toRoadmapError(error)
  const message = error.message
  const { databasePath } = context
  const coded = (code: ErrorCode, text: string, hint?: string, retryable = false) =>
    new RoadmapError(code, text, { hint, retryable, cause: error })

  if (message.startsWith("INTERRUPT Error"))
    return coded("INTERRUPTED", "Interrupted.", "Run the same command again: it resumes.")
  if (/No space left on device|failed to offload data block|Disk quota exceeded/i.test(message))
    return coded(
      "DISK_FULL",
      `${databasePath} or its temporary files cannot be written: the disk is full.`,
      "Free space, then run the same command again.",
    )
  if (/Could not set lock on file/.test(message)) {
    const owner = /PID (\d+)/.exec(message)?.[1]
    return coded(
      "STATE_LOCKED",
      `${databasePath} is open in another process${owner ? ` (process ${owner})` : ""}.`,
      "Wait until it ends, or stop it, then run the same command again.",
      true,
    )
  }
  if (/Permission denied|Read-only file system|Operation not permitted/.test(message))
    return coded("PERMISSION", firstLine(message), "Give this user permission on it, or set ROADMAP_HOME.")
  if (
    corrupt.test(message) ||
    (/Could not read enough bytes/.test(message) && message.includes(databasePath))
  )
    return coded(
      "STATE_CORRUPT",
      `${databasePath} is damaged or no DuckDB database: ${firstLine(message)}`,
      "Remove it with `roadmap clean`; the next run builds it again from the source files.",
    )
  if (/^Catalog Error: (Table|View) .* does not exist/s.test(message))
    return coded("TABLE_MISSING", firstLine(message), "Run the step that makes this table first.")
  if (/No files found that match the pattern/.test(message)) return coded("FILE_MISSING", firstLine(message))
  if (
    /^(Parser|Binder|Catalog|Not implemented|Syntax) Error/i.test(message) ||
    /^Failed to extract statements/.test(message)
  )
    return coded("SQL_INVALID", firstLine(message))
  return coded("SQL_FAILED", firstLine(message))
}

const corrupt =
  /not a valid DuckDB database file|Corrupt database file|Failure while replaying WAL|Serialization Error|checksum|newer version of DuckDB|not a database/i

/** The sentence itself; DuckDB's drawing of the statement (`LINE 1: …`) and its candidates stay in the cause. */
const firstLine = (message: string) =>
  message.split("\n")[0].replace(/^(Failed to extract statements: )?([A-Z][A-Za-z ]*) Error: /, "")
