/**
 * Every failure a user can meet has one of these codes, documented in docs/errors.md.
 * The number is the process exit code: 1 the work failed, 2 wrong usage or configuration,
 * 3 a needed service cannot be reached, 130 interrupted.
 */
export const exitCodes = {
  // usage and configuration
  USAGE: 2,
  CONFIG_INVALID: 2,
  UNKNOWN_NAME: 2,
  ADAPTER_MISSING: 2,
  PART_MISSING: 2,
  NODE_VERSION: 2,
  AUTH_FAILED: 2,
  SERVICE_VERSION: 2,
  // files and state
  FILE_MISSING: 1,
  FILE_CORRUPT: 1,
  FILE_EMPTY: 1,
  PERMISSION: 1,
  DISK_FULL: 1,
  STATE_CORRUPT: 1,
  STATE_LOCKED: 1,
  STATE_VERSION: 1,
  PATH_OUTSIDE: 1,
  // data
  SCHEMA_MISMATCH: 1,
  DATA_CONTRACT: 1,
  SQL_INVALID: 1,
  SQL_FAILED: 1,
  TABLE_MISSING: 1,
  // models and tracking
  INVALID_INPUT: 1,
  MODEL_FORMAT: 1,
  NOT_FOUND: 1,
  ALREADY_EXISTS: 1,
  IMMUTABLE: 1,
  IN_USE: 1,
  HISTORY_CHANGED: 1,
  LIMIT_EXCEEDED: 1,
  WORKER_DIED: 1,
  TRIALS_FAILED: 1,
  // serving
  OVERLOADED: 1,
  RATE_LIMITED: 1,
  CONTENT_FILTERED: 1,
  // learning
  EXERCISE_BROKEN: 1,
  // runs
  TIMEOUT: 1,
  UNREACHABLE: 3,
  SERVICE_FAILED: 3,
  START_FAILED: 3,
  PROGRAM_MISSING: 3,
  INTERRUPTED: 130,
  INTERNAL: 1,
} as const

export type ErrorCode = keyof typeof exitCodes

export interface ErrorDetails {
  /** What the reader can do about it, as one sentence. */
  hint?: string
  /** True when the same call may succeed later without any change. Default false. */
  retryable?: boolean
  cause?: unknown
}

/** The only error class of the project: a code to switch on, a message and a hint to read. */
export class RoadmapError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = "RoadmapError"
    this.code = code
    this.hint = details.hint
    this.retryable = details.retryable ?? false
  }

  get exitCode(): number {
    return exitCodes[this.code]
  }
}

export const isRoadmapError = (error: unknown, code?: ErrorCode): error is RoadmapError =>
  error instanceof RoadmapError && (code === undefined || error.code === code)

const fromErrno: Record<string, { code: ErrorCode; what: string; hint: string }> = {
  ENOENT: { code: "FILE_MISSING", what: "does not exist", hint: "Check the path." },
  EACCES: { code: "PERMISSION", what: "cannot be accessed", hint: "Give this user permission on it." },
  EPERM: { code: "PERMISSION", what: "cannot be changed", hint: "Give this user permission on it." },
  EROFS: {
    code: "PERMISSION",
    what: "is on a read-only file system",
    hint: "Set ROADMAP_HOME to a writable folder.",
  },
  ENOSPC: {
    code: "DISK_FULL",
    what: "cannot be written: the disk is full",
    hint: "Free space, then run the same command again.",
  },
  EDQUOT: {
    code: "DISK_FULL",
    what: "cannot be written: the disk quota is used up",
    hint: "Free space, then run the same command again.",
  },
  EEXIST: { code: "ALREADY_EXISTS", what: "is in the way", hint: "Remove it or choose another name." },
  ENOTDIR: { code: "FILE_MISSING", what: "is not in a folder", hint: "Check the path." },
}

/**
 * Turns whatever was thrown into a RoadmapError. File-system errors keep their meaning (missing,
 * permission, disk full); an aborted signal becomes INTERRUPTED; anything else is INTERNAL.
 */
export const toRoadmapError = (error: unknown): RoadmapError => {
  if (error instanceof RoadmapError) return error
  const known = error as NodeJS.ErrnoException
  const mapped = known?.code ? fromErrno[known.code] : undefined
  if (mapped) {
    const path = known.path ?? "A file"
    return new RoadmapError(mapped.code, `${path} ${mapped.what}.`, { hint: mapped.hint, cause: error })
  }
  if (known?.name === "AbortError") return new RoadmapError("INTERRUPTED", "Interrupted.", { cause: error })
  if (known?.name === "TimeoutError")
    return new RoadmapError("TIMEOUT", known.message || "Timed out.", { retryable: true, cause: error })
  const message = error instanceof Error ? error.message : String(error)
  return new RoadmapError("INTERNAL", message, { cause: error })
}
