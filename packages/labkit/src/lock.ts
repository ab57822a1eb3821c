import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"

/**
 * One writer per home folder. The lock is SQLite's own file lock, held by an open exclusive transaction:
 * the operating system drops it when the process ends, however it ends, so no stale lock can stay behind.
 * Throws STATE_LOCKED, naming the process that holds it.
 */
export const lockHome = (home: string): Disposable => {
  const ownerPath = join(home, "run.owner")
  try {
    mkdirSync(home, { recursive: true })
    const database = new DatabaseSync(join(home, "run.lock"))
    try {
      database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE")
      writeFileSync(ownerPath, String(process.pid))
    } catch (error) {
      database.close()
      throw error
    }
    return {
      [Symbol.dispose]() {
        rmSync(ownerPath, { force: true })
        database.exec("ROLLBACK")
        database.close()
      },
    }
  } catch (error) {
    throw explain(error, home, ownerPath)
  }
}

/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const BUSY = 5
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26

const explain = (error: unknown, home: string, ownerPath: string): RoadmapError => {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
  if (code === BUSY)
    return new RoadmapError("STATE_LOCKED", `Another process${owner(ownerPath)} is running in ${home}.`, {
      hint: "Wait for it or stop it; or set ROADMAP_HOME to another folder.",
      retryable: true,
      cause: error,
    })
  if (code === CANNOT_OPEN)
    return new RoadmapError("PERMISSION", `${home} cannot be written.`, {
      hint: "Give this user permission on it, or set ROADMAP_HOME to a writable folder.",
      cause: error,
    })
  if (code === NOT_A_DATABASE)
    return new RoadmapError(
      "STATE_CORRUPT",
      `${join(home, "run.lock")} is not a lock file of this program.`,
      {
        hint: "Delete that file and run the same command again.",
        cause: error,
      },
    )
  return toRoadmapError(error)
}

const owner = (path: string): string => {
  try {
    return ` (pid ${readFileSync(path, "utf8")})`
  } catch {
    return ""
  }
}
