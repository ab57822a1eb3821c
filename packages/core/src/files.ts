import { randomBytes } from "node:crypto"
import { closeSync, fsyncSync, openSync } from "node:fs"
import { mkdir, open, rename, rm } from "node:fs/promises"
import { dirname, isAbsolute, relative, resolve, sep } from "node:path"
import { RoadmapError, toRoadmapError } from "./errors.ts"

/**
 * Writes a file so that a reader, or a run after a kill, sees the whole new content or none of it:
 * temporary file in the same folder, fsync, rename, fsync of the folder. Creates missing folders.
 */
export const writeFileAtomic = async (path: string, content: string | Uint8Array): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, "wx")
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw toRoadmapError(error)
  }
}

/** Makes a rename in this folder durable. */
export const syncFolder = (folder: string): void => {
  const handle = openSync(folder, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Resolves `name` below `folder`. Throws PATH_OUTSIDE when it would leave the folder. */
export const resolveInside = (folder: string, name: string): string => {
  const target = resolve(folder, name)
  const path = relative(folder, target)
  if (path === "" || path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path) || name.includes("\0"))
    throw new RoadmapError("PATH_OUTSIDE", `"${name}" is not a name inside ${folder}.`, {
      hint: "Use a relative name without '..'.",
    })
  return target
}
