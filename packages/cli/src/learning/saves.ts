import { type FSWatcher, watch } from "node:fs"
import { readFile } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { sha256 } from "@roadmap/core/hash"

/** Editors write a file in several steps, or replace it by another: wait until it is quiet. */
const quietMs = 40
/** File systems that tell nothing of changes (network drives, some containers) are looked at this often. */
const pollMs = 200

/** Calls `onSave` after each change of the file's content. Watches its folder: many editors replace the file. */
export const watchSaves = (path: string, onSave: () => void): Disposable => {
  let known: string | undefined
  let quiet: NodeJS.Timeout | undefined
  const look = async () => {
    const content = await readFile(path).catch(() => undefined)
    // A file that is being replaced is missing for a moment.
    if (content === undefined) return
    const digest = sha256(content)
    if (known !== undefined && digest !== known) onSave()
    known = digest
  }
  const soon = () => {
    clearTimeout(quiet)
    quiet = setTimeout(look, quietMs)
  }
  look()
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dirname(path), (_event, name) => {
      if (name === null || name === basename(path)) soon()
    })
    watcher.on("error", () => undefined)
  } catch {
    // No watches left (inotify's limit): the polling below sees every save all the same.
  }
  const poll = setInterval(look, pollMs)
  return {
    [Symbol.dispose]() {
      watcher?.close()
      clearInterval(poll)
      clearTimeout(quiet)
    },
  }
}
