import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { syncFolder, writeFileAtomic } from "@roadmap/core/files"
import { sha256File } from "@roadmap/core/hash"
import type { z } from "zod"
import {
  type DonePartition,
  doneSchema,
  type Job,
  jobSchema,
  type Manifest,
  manifestSchema,
} from "./manifest.ts"
import { syncFile } from "./sync-file.ts"

/**
 * Where a job writes. Everything grows in `<out>.partial`, which becomes `<out>` by one rename at the end: whoever sees the
 * output sees all of it. In the partial folder a partition counts once its record is there, which is written after its
 * files are on the disk: a kill at any moment costs at most the partitions in work.
 */
export interface OutputFolder {
  readonly out: string
  readonly partial: string
  /** The staged copy of the rows. */
  readonly staged: string
  /** Where the DuckDBs of this job may put what does not fit in memory. */
  readonly spill: string
}

export const outputFolder = (out: string): OutputFolder => {
  const partial = `${out}.partial`
  return {
    out,
    partial,
    staged: join(workOf(partial), "source.parquet"),
    spill: join(workOf(partial), "spill"),
  }
}

/** What only an unfinished job needs. */
const workOf = (partial: string) => join(partial, "work")
const doneOf = (partial: string) => join(workOf(partial), "done")
const jobFile = (partial: string) => join(workOf(partial), "job.json")
const manifestFile = (folder: string) => join(folder, "manifest.json")

/** Of the finished output at `folder`; undefined when there is none. Throws ALREADY_EXISTS for a folder of something else. */
export const readManifest = async (folder: string): Promise<Manifest | undefined> => {
  const manifest = await readJson(manifestFile(folder), manifestSchema)
  if (manifest === undefined && existsSync(folder) && (await readdir(folder)).length > 0)
    throw new RoadmapError("ALREADY_EXISTS", `${folder} is there and holds no scores.`, {
      hint: "Give another output folder.",
    })
  return manifest
}

/** Of a job that was begun and not finished. */
export const readJob = (folder: OutputFolder): Promise<Job | undefined> =>
  readJson(jobFile(folder.partial), jobSchema)

/** Of a job that was finished and not yet shown. */
export const readFinished = (folder: OutputFolder): Promise<Manifest | undefined> =>
  readJson(manifestFile(folder.partial), manifestSchema)

/** Removes what a run left that was killed, or refused, before it had begun its job. */
export const clearWork = async (folder: OutputFolder): Promise<void> => {
  await rm(workOf(folder.partial), { recursive: true, force: true })
  // Not empty: something of somebody else, which stays.
  await rmdir(folder.partial).catch(() => undefined)
}

/** Throws what the disk says. */
export const beginJob = async (folder: OutputFolder, job: Job): Promise<void> => {
  await mkdir(doneOf(folder.partial), { recursive: true })
  await writeFileAtomic(jobFile(folder.partial), `${JSON.stringify(job, null, 2)}\n`)
}

/** Partitions whose record is there and whose files are what the record says; others count as not done. */
export const readDone = async (folder: OutputFolder): Promise<DonePartition[]> => {
  const found: DonePartition[] = []
  for (const name of await readdir(doneOf(folder.partial)).catch(() => [])) {
    if (!name.endsWith(".json")) continue
    const done = await readJson(join(doneOf(folder.partial), name), doneSchema)
    if (done !== undefined && (await areWhole(folder.partial, done))) found.push(done)
  }
  return found
}

/** Throws FILE_CORRUPT when a finished output's files are no longer what its manifest says. */
export const checkFiles = async (folder: string, { partitions }: Manifest): Promise<void> => {
  for (const done of partitions)
    if (!(await areWhole(folder, done)))
      throw new RoadmapError("FILE_CORRUPT", `${join(folder, done.file)} is not what manifest.json says.`, {
        hint: "Delete the folder and score again.",
      })
}

const areWhole = async (
  folder: string,
  { file, bytes, sha256, rejects }: DonePartition,
): Promise<boolean> => {
  for (const part of [{ file, bytes, sha256 }, ...(rejects ? [rejects] : [])]) {
    const path = join(folder, part.file)
    const found = await stat(path).catch(() => undefined)
    if (found?.size !== part.bytes || (await sha256File(path)) !== part.sha256) return false
  }
  return true
}

/** A name for a file in work, which nobody takes for a finished one. */
export const temporaryFile = async (partial: string): Promise<string> => {
  const folder = join(workOf(partial), "temporary")
  await mkdir(folder, { recursive: true })
  return join(folder, `${randomBytes(8).toString("hex")}.parquet`)
}

/** Moves a written file to its place for good, and says what it is. */
export const placeFile = async (
  partial: string,
  written: string,
  file: string,
): Promise<{ file: string; bytes: number; sha256: string }> => {
  syncFile(written)
  const target = join(partial, file)
  await mkdir(dirname(target), { recursive: true })
  const found = { file, bytes: (await stat(written)).size, sha256: await sha256File(written) }
  await rename(written, target)
  syncFolder(dirname(target))
  return found
}

/** From here on the partition is done. */
export const recordDone = (partial: string, done: DonePartition): Promise<void> =>
  writeFileAtomic(join(doneOf(partial), `${partName(done.partition)}.json`), `${JSON.stringify(done)}\n`)

export const partName = (partition: number): string => `part-${String(partition).padStart(5, "0")}`

/** Files of killed attempts. */
export const sweepTemporary = (folder: OutputFolder): Promise<void> =>
  rm(join(workOf(folder.partial), "temporary"), { recursive: true, force: true })

export const writeManifest = (folder: OutputFolder, manifest: Manifest): Promise<void> =>
  writeFileAtomic(manifestFile(folder.partial), `${JSON.stringify(manifest, null, 2)}\n`)

/** Shows the finished output under its name. */
export const show = async (folder: OutputFolder): Promise<void> => {
  await rm(workOf(folder.partial), { recursive: true, force: true })
  await rename(folder.partial, folder.out)
  syncFolder(dirname(folder.out))
}

const readJson = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new RoadmapError("STATE_CORRUPT", `${path} is no record of this program.`, {
      hint: "Delete the folder it is in and score again.",
      cause,
    })
  }
}
