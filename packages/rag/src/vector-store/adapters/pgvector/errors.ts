import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"

interface Known {
  code: ErrorCode
  what: string
  hint: string
  retryable?: boolean
}

const unreachable: Known = {
  code: "UNREACHABLE",
  what: "cannot be reached",
  hint: "Start it (`roadmap services up postgres`), or correct DATABASE_URL.",
  retryable: true,
}
const refusedUser: Known = {
  code: "AUTH_FAILED",
  what: "refuses this user or what it wants to do",
  hint: "Correct the user and password in DATABASE_URL, or grant that user CREATE on the database.",
}
const noExtension: Known = {
  code: "ADAPTER_MISSING",
  what: "has no pgvector",
  hint: "Install the extension `vector` (0.8 or later) on the server, or unset DATABASE_URL to use the embedded store.",
}
const blocked: Known = {
  code: "SERVICE_FAILED",
  what: "rolled back, because two transactions blocked each other",
  hint: "Try again.",
  retryable: true,
}

/** SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) or Node's code; classes by two characters. */
const byCode: Record<string, Known> = {
  ECONNREFUSED: unreachable,
  ECONNRESET: unreachable,
  EPIPE: unreachable,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  EHOSTUNREACH: unreachable,
  ETIMEDOUT: unreachable,
  "08": unreachable,
  "57P01": unreachable,
  "57P02": unreachable,
  "57P03": unreachable,
  "53300": { ...unreachable, what: "has no connection left", hint: "Raise max_connections on the server." },
  "28": refusedUser,
  "42501": refusedUser,
  "0A000": noExtension,
  "58P01": noExtension,
  "3D000": {
    code: "CONFIG_INVALID",
    what: "has no such database",
    hint: "Create it (createdb), or correct DATABASE_URL.",
  },
  "57014": {
    code: "TIMEOUT",
    what: "did not finish a statement in time",
    hint: "Write smaller batches, or try again.",
    retryable: true,
  },
  "40001": blocked,
  "40P01": blocked,
  "55P03": blocked,
  "25006": { code: "PERMISSION", what: "is read-only", hint: "Point DATABASE_URL at the primary server." },
  "53100": { code: "DISK_FULL", what: "has no disk space left", hint: "Free space on the server." },
}

/** The client's own errors have no code. */
const byMessage: readonly (readonly [RegExp, Known])[] = [
  [
    /does not support SSL/,
    {
      code: "CONFIG_INVALID",
      what: "has no TLS",
      hint: "Set sslmode=disable in DATABASE_URL, or TLS on the server.",
    },
  ],
  [/SASL|client password/, refusedUser],
  [
    /timeout exceeded when trying to connect|Connection terminated|not queryable|connection error/i,
    unreachable,
  ],
  [/Query read timeout/, { ...unreachable, code: "TIMEOUT", what: "gave no answer in time" }],
]

/** Gives an error of PostgreSQL, its client or the network the project's code and a hint. */
export const postgresError = (cause: unknown, place: string): RoadmapError => {
  if (cause instanceof RoadmapError) return cause
  const { code = "", message = String(cause) } = cause as { code?: string; message?: string }
  const known =
    byCode[code] ?? byCode[code.slice(0, 2)] ?? byMessage.find(([pattern]) => pattern.test(message))?.[1]
  const { what, hint, retryable = false } = known ?? { what: "failed", hint: "Look into the server's log." }
  return new RoadmapError(
    known?.code ?? "SERVICE_FAILED",
    `PostgreSQL at ${place} ${what}${message ? `: ${message}` : ""}.`,
    { hint, retryable, cause },
  )
}
