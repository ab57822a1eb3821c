import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lockFile } from "@roadmap/core/lock-file"

/**
 * One writer per home folder. The lock goes when the process does, however that ends, so no stale lock can stay
 * behind. Throws STATE_LOCKED, naming the process that holds it, and what lockFile throws.
 */
export const lockHome = (home: string): Disposable => {
  const ownerPath = join(home, "run.owner")
  const lock = lockFile(join(home, "run.lock"), {
    waitMs: 0,
    busy: () => `Another process${owner(ownerPath)} is running in ${home}.`,
    hint: "Wait for it or stop it; or set ROADMAP_HOME to another folder.",
  })
  writeFileSync(ownerPath, String(process.pid))
  return {
    [Symbol.dispose]() {
      rmSync(ownerPath, { force: true })
      lock[Symbol.dispose]()
    },
  }
}

const owner = (path: string): string => {
  try {
    return ` (pid ${readFileSync(path, "utf8")})`
  } catch {
    return ""
  }
}
