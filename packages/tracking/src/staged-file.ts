import { createHash, randomUUID } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { mkdir, open, readdir, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { toRoadmapError } from "@roadmap/core/errors"
import { processState, thisProcess } from "./process-owner.ts"

export interface StagedFile {
  path: string
  size: number
  sha256: string
}

/** A fresh name in a staging folder that says which process owns it. */
export const stagingPath = (folder: string): string => join(folder, `${thisProcess()}~${randomUUID()}`)

/**
 * Writes content to a temporary file, flushed to the disk, and hashes it on the way; a file is streamed. The caller
 * renames it to its place. Throws FILE_MISSING, PERMISSION or DISK_FULL, and then leaves no file.
 */
export const stageFile = async (folder: string, content: FileContent): Promise<StagedFile> => {
  const path = stagingPath(folder)
  try {
    const staged = await writeHashed(path, content)
    await syncFiles([path])
    return staged
  } catch (error) {
    await rm(path, { force: true })
    throw toRoadmapError(error)
  }
}

export type FileContent = { file: string } | Uint8Array

/** Writes content to a new file and hashes it on the way, without flushing it. Creates missing folders. */
export const writeHashed = async (path: string, content: FileContent): Promise<StagedFile> => {
  const hash = createHash("sha256")
  let size = 0
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk)
      size += chunk.byteLength
      done(null, chunk)
    },
  })
  await mkdir(dirname(path), { recursive: true })
  const source =
    content instanceof Uint8Array ? [content] : createReadStream(content.file, { highWaterMark: 1 << 20 })
  await pipeline(source, measure, createWriteStream(path, { flags: "wx" }))
  return { path, size, sha256: hash.digest("hex") }
}

/** Flushes files to the disk, all at once: the file system then commits its journal a few times, not once a file. */
export const syncFiles = async (paths: readonly string[]): Promise<void> => {
  await Promise.all(paths.map(syncFile))
}

/** Removes what dead processes of this machine left in a staging folder. Returns the names removed. */
export const sweepStaging = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []
    throw toRoadmapError(error)
  })
  const left = names.filter(name => processState(name) === "dead")
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true })
  return left
}

const syncFile = async (path: string): Promise<void> => {
  const handle = await open(path, "r+")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
