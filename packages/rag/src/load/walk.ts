import type { Dirent } from "node:fs"
import { readdir } from "node:fs/promises"
import { join, matchesGlob } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"

export interface WalkedFile {
  /** Relative to the folder, with `/`. */
  path: string
  kind: "file" | "link" | "other"
}

/**
 * Files below a folder in the order of their paths. Hidden folders and files and node_modules are not entered; symbolic
 * links are named and never followed, so nothing outside of the folder is read. Folders that no pattern of `include` can
 * reach are not entered.
 */
export async function* walkFolder(
  folder: string,
  options: { include?: readonly string[]; exclude?: readonly string[]; signal?: AbortSignal } = {},
): AsyncGenerator<WalkedFile> {
  const { include, exclude = [], signal } = options
  const wanted = (path: string) =>
    (!include || include.some(pattern => matchesGlob(path, pattern))) &&
    !exclude.some(pattern => matchesGlob(path, pattern))
  const entered = (path: string) => !include || include.some(pattern => mayReach(pattern, path))

  const waiting = [""]
  while (waiting.length > 0) {
    throwIfAborted(signal)
    const below = waiting.pop()!
    const entries = await readdir(join(folder, below), { withFileTypes: true })
    entries.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
    const folders: string[] = []
    for (const entry of entries) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue
      const path = below === "" ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) {
        if (entered(path)) folders.push(path)
      } else if (wanted(path)) {
        yield { path, kind: entry.isFile() ? "file" : entry.isSymbolicLink() ? "link" : "other" }
      }
    }
    waiting.push(...folders.reverse())
  }
}

const sortKey = (entry: Dirent): string => entry.name

/** Whether a file below this folder could match: the pattern's first parts match the folder's, or `**` comes before. */
const mayReach = (pattern: string, folder: string): boolean => {
  const parts = pattern.split("/")
  for (const [index, name] of folder.split("/").entries()) {
    if (parts[index] === "**") return true
    if (index >= parts.length - 1 || !matchesGlob(name, parts[index])) return false
  }
  return true
}
