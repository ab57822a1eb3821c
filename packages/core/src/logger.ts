import { type DestinationStream, destination, type Logger, pino } from "pino"

export type { Logger }

/** Paths whose values never reach a log line. */
const secrets = [
  "token",
  "password",
  "apiKey",
  "authorization",
  "*.token",
  "*.password",
  "*.apiKey",
  "*.authorization",
]

/**
 * Structured logs, one JSON object a line, on standard error (standard output belongs to results).
 * Secrets are replaced by "[redacted]".
 */
export const createLogger = (
  level: string,
  stream: DestinationStream = destination({ dest: 2, sync: true }),
): Logger => pino({ level, base: undefined, redact: { paths: secrets, censor: "[redacted]" } }, stream)
