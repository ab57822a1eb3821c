import type { ErrorCode, RoadmapError } from "@roadmap/core/errors"

/** What a code means to an HTTP client. Others are this server's fault: 500. */
const statuses: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 400,
  SCHEMA_MISMATCH: 400,
  USAGE: 400,
  AUTH_FAILED: 401,
  NOT_FOUND: 404,
  UNKNOWN_NAME: 404,
  LIMIT_EXCEEDED: 413,
  RATE_LIMITED: 429,
  // nginx's number for a client that left; nobody reads it.
  INTERRUPTED: 499,
  OVERLOADED: 503,
  WORKER_DIED: 503,
  UNREACHABLE: 503,
  SERVICE_FAILED: 502,
  TIMEOUT: 504,
}

/** The HTTP status that answers a request which failed with this error. */
export const httpStatusOf = ({ code }: RoadmapError): number => statuses[code] ?? 500
