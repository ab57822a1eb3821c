import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { sleep } from "./async.ts"
import { isRoadmapError, RoadmapError, toRoadmapError } from "./errors.ts"

/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const BUSY = 5
const CANNOT_OPEN = 14
const READ_ONLY = 8
const NOT_A_DATABASE = 26

/**
 * An exclusive lock by the operating system, held by an open SQLite transaction on `path`; it goes when the process does,
 * however that ends. Waits up to `waitMs` for another holder. Throws STATE_LOCKED with `busy`, PERMISSION,
 * or STATE_CORRUPT for a foreign file.
 */
export const lockFile = (
  path: string,
  options: { waitMs: number; busy: string | (() => string); hint: string },
): Disposable => {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const database = new DatabaseSync(path)
    try {
      database.exec(`PRAGMA busy_timeout = ${options.waitMs}; BEGIN EXCLUSIVE`)
    } catch (error) {
      database.close()
      throw error
    }
    return {
      [Symbol.dispose]() {
        database.exec("ROLLBACK")
        database.close()
      },
    }
  } catch (error) {
    const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
    if (code === BUSY)
      throw new RoadmapError(
        "STATE_LOCKED",
        typeof options.busy === "string" ? options.busy : options.busy(),
        {
          hint: options.hint,
          retryable: true,
          cause: error,
        },
      )
    if (code === CANNOT_OPEN || code === READ_ONLY)
      throw new RoadmapError("PERMISSION", `${dirname(path)} cannot be written.`, {
        hint: "Give this user permission on it, or set ROADMAP_HOME to a writable folder.",
        cause: error,
      })
    if (code === NOT_A_DATABASE)
      throw new RoadmapError("STATE_CORRUPT", `${path} is not a lock file of this program.`, {
        hint: "Delete that file and run the same command again.",
        cause: error,
      })
    throw toRoadmapError(error)
  }
}

/**
 * The same lock, waited for without blocking this process. `onWait` is called once when another process holds it.
 * Throws as lockFile does, STATE_LOCKED after `waitMs`, and INTERRUPTED when the signal aborts.
 */
export const waitForLock = async (
  path: string,
  options: { waitMs: number; busy: string; hint: string; signal?: AbortSignal; onWait?: () => void },
): Promise<Disposable> => {
  const deadline = Date.now() + options.waitMs
  for (let attempt = 0; ; attempt++) {
    try {
      return lockFile(path, { ...options, waitMs: 0 })
    } catch (error) {
      if (!isRoadmapError(error, "STATE_LOCKED") || Date.now() > deadline) throw error
    }
    if (attempt === 0) options.onWait?.()
    await sleep(100, options.signal)
  }
}
