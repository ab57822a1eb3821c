import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { basename, join } from "node:path"
import { sleep } from "@roadmap/core/async"

/** Bytes of a log's end that are looked at for its last lines. */
const tailBytes = 1 << 18

/** The last lines of a log, for a message. */
export const lastLines = (path: string, lines: number): string =>
  readTail(path, lines).lines.join("\n") || "(it is empty)"

/** The last lines of a log, and the offset in bytes at which whoever follows it goes on. */
export const readTail = (path: string, lines: number): { lines: string[]; end: number } => {
  const { text, end } = readFrom(path, -tailBytes)
  const whole = text.trimEnd()
  return { lines: lines === 0 || whole === "" ? [] : whole.split("\n").slice(-lines), end }
}

/** The logs of a service's present or last start, by role. */
export const logFiles = async (folder: string): Promise<{ role: string; path: string }[]> => {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter(name => name.endsWith(".log"))
    .sort()
    .map(name => ({ role: basename(name, ".log"), path: join(folder, name) }))
}

/** Whole new lines of logs as they are written, each from an offset on, until the signal aborts. */
export async function* followLogs(
  logs: readonly { path: string; from: number }[],
  signal: AbortSignal,
): AsyncGenerator<{ path: string; line: string }> {
  const open = new Map(logs.map(({ path, from }) => [path, { offset: from, rest: "" }]))
  while (!signal.aborted) {
    for (const [path, state] of open) {
      const { text, end } = readFrom(path, state.offset)
      const lines = `${state.rest}${text}`.split("\n")
      state.rest = lines.pop()!
      state.offset = end
      for (const line of lines) yield { path, line }
    }
    await sleep(200, signal).catch(() => undefined)
  }
}

/** Text from an offset, or from the end when it is negative. A file that was begun anew is read from its start. */
const readFrom = (path: string, offset: number): { text: string; end: number } => {
  let file: number
  try {
    file = openSync(path, "r")
  } catch {
    // Not written yet.
    return { text: "", end: 0 }
  }
  try {
    const { size } = fstatSync(file)
    const from = offset < 0 ? Math.max(0, size + offset) : offset > size ? 0 : offset
    const bytes = Buffer.alloc(size - from)
    const read = readSync(file, bytes, 0, bytes.length, from)
    return { text: bytes.toString("utf8", 0, read), end: from + read }
  } finally {
    closeSync(file)
  }
}
