import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import type { RoadmapError } from "@roadmap/core/errors"
import { createColors } from "picocolors"

type Colors = ReturnType<typeof createColors>

/** What every command gets. */
export interface CommandContext {
  config: Config
  /** Folder of the repository. */
  root: string
  json: boolean
  signal: AbortSignal
  /** Columns of standard output's terminal, or 100. */
  columns: number
  colors: Colors
  /** Prints the command's result: text for people, or the one JSON document. */
  print(result: unknown, toText: () => string): void
}

export const createContext = (config: Config, json: boolean, signal: AbortSignal): CommandContext => {
  const colors = createColors(config.color ?? (process.stdout.isTTY === true && !json))
  return {
    config,
    root: join(import.meta.dirname, "..", "..", ".."),
    json,
    signal,
    columns: process.stdout.columns ?? 100,
    colors,
    print(result, toText) {
      process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${toText().trimEnd()}\n`)
    },
  }
}

/** `✖ CODE: message` and the hint on standard error; with --json `{ "error": … }` on standard output. */
export const printError = (error: RoadmapError, json: boolean): void => {
  if (json) {
    const { code, message, hint, retryable } = error
    process.stdout.write(`${JSON.stringify({ error: { code, message, hint, retryable } }, null, 2)}\n`)
    return
  }
  process.stderr.write(`${describeError(error)}\n`)
}

export const describeError = (error: RoadmapError): string => {
  const lines = [`✖ ${error.code}: ${error.message}`]
  if (error.hint) lines.push(`  ${error.hint}`)
  // A fault of the program, not of its user: whoever reports it needs the place.
  if (error.code === "INTERNAL" && error.cause instanceof Error && error.cause.stack)
    lines.push(error.cause.stack)
  return lines.join("\n")
}
