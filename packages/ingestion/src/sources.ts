import { glob, readdir, stat } from "node:fs/promises"
import { basename, extname, join, relative, resolve, sep } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { sha256File } from "@roadmap/core/hash"
import type { FileFormat } from "@roadmap/warehouse/port"

/** A file of a source at one moment. */
export interface SourceFile {
  /** As the tables name it: relative to the source's folder, with "/" between parts. */
  readonly label: string
  /** Where it lies on this machine. */
  readonly path: string
  readonly format: FileFormat
  readonly bytes: number
  readonly contentHash: string
}

const formats: Record<string, FileFormat> = {
  ".parquet": "parquet",
  ".csv": "csv",
  ".tsv": "csv",
  ".json": "json",
  ".jsonl": "json",
  ".ndjson": "json",
}

/**
 * The data files of a source, by label: a file, a folder (with all below it, files of other kinds and hidden
 * ones passed over), or a glob pattern. Throws FILE_MISSING when there is none and FILE_EMPTY for 0 bytes.
 */
export const listSource = async (source: string): Promise<SourceFile[]> => {
  const { folder, paths } = await pathsOf(source)
  const files: SourceFile[] = []
  for (const path of paths) {
    const { size } = await stat(path)
    if (size === 0)
      throw new RoadmapError("FILE_EMPTY", `${path} is empty (0 bytes).`, {
        hint: "Fetch the file again from where it came.",
      })
    files.push({
      label: relative(folder, path).split(sep).join("/"),
      path,
      format: formats[extname(path).toLowerCase()],
      bytes: size,
      contentHash: await sha256File(path).catch(error => {
        throw toRoadmapError(error)
      }),
    })
  }
  return files.sort((a, b) => (a.label < b.label ? -1 : 1))
}

const pathsOf = async (source: string): Promise<{ folder: string; paths: string[] }> => {
  const path = resolve(source)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw toRoadmapError(error)
  })
  if (found?.isFile()) {
    if (!formats[extname(path).toLowerCase()]) throw unknownFormat(path)
    return { folder: resolve(path, ".."), paths: [path] }
  }
  const paths = found ? await filesBelow(path) : await filesMatching(path)
  if (paths.length === 0)
    throw new RoadmapError(
      "FILE_MISSING",
      found ? `${path} holds no Parquet, CSV or JSON lines file.` : `${path} does not exist.`,
      { hint: "Check the path: a file, a folder, or a pattern such as data/*.csv." },
    )
  return { folder: found ? path : fixedFolder(path), paths }
}

const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(error => {
    throw toRoadmapError(error)
  })
  return entries
    .filter(entry => entry.isFile() && isData(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}

const filesMatching = async (pattern: string): Promise<string[]> => {
  const paths: string[] = []
  for await (const path of glob(pattern))
    if (isData(basename(path)) && (await stat(path)).isFile()) paths.push(path)
  return paths
}

const isData = (name: string): boolean => !name.startsWith(".") && extname(name).toLowerCase() in formats

/** The part of a pattern before its first wildcard: labels stay the same as files come and go. */
const fixedFolder = (pattern: string): string => {
  const parts = pattern.split(sep)
  const wild = parts.findIndex(part => /[*?[\]{}]/.test(part))
  return parts.slice(0, wild === -1 ? -1 : wild).join(sep) || sep
}

const unknownFormat = (path: string) =>
  new RoadmapError("INVALID_INPUT", `${path} is of no known format.`, {
    hint: `Known endings: ${Object.keys(formats).join(", ")}.`,
  })
