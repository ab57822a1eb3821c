import type { ErrorCode, RoadmapError } from "@roadmap/core/errors"
import { httpStatusOf } from "@roadmap/serving/operate/status"

/** Of this service's codes, those that the scoring server's table does not have. */
const statuses: Partial<Record<ErrorCode, number>> = {
  FILE_EMPTY: 400,
  FILE_CORRUPT: 400,
  PATH_OUTSIDE: 400,
  PERMISSION: 403,
  ALREADY_EXISTS: 409,
  STATE_LOCKED: 409,
  DISK_FULL: 507,
}

export const statusOf = (error: RoadmapError): number => statuses[error.code] ?? httpStatusOf(error)

/** A fault of this program is logged with its cause and shown without. */
export const messageOf = ({ code, message }: RoadmapError): string =>
  code === "INTERNAL"
    ? "The server failed to answer; its log has the reason under this request's id."
    : message
