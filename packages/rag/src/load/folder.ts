import { open } from "node:fs/promises"
import { join, resolve } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { Metadata } from "../document.ts"
import { checkLimit, defaultLimits, type LoadLimits } from "./limits.ts"
import { formatOf, readDocument } from "./read-file.ts"
import type { Source } from "./source.ts"
import { walkFolder } from "./walk.ts"

export interface FolderOptions {
  name: string
  folder: string
  /** Glob patterns on the path within the folder, such as "docs/**\/*.md". Default: every file of a known kind. */
  include?: readonly string[]
  exclude?: readonly string[]
  /** Where a person finds the file. Default: its id. */
  uri?: (path: string) => string
  metadata?: Metadata | ((path: string) => Metadata)
  limits?: Partial<LoadLimits>
}

/**
 * Every readable file below a folder: Markdown, text, HTML, PDF, by the ending of its name. The id is `name/path`.
 * Files that cannot be read are skipped with the reason; symbolic links are skipped with PATH_OUTSIDE.
 * Throws FILE_MISSING when there is no such folder.
 */
export const folderSource = (options: FolderOptions): Source => ({
  name: options.name,
  async *documents({ signal, onSkipped } = {}) {
    const { name, folder, uri = path => `${name}/${path}`, metadata } = options
    const limits = { ...defaultLimits, ...options.limits }
    const files = walkFolder(resolve(folder), { include: options.include, exclude: options.exclude, signal })
    for await (const { path, kind } of named(files, folder)) {
      throwIfAborted(signal)
      if (formatOf(path) === undefined) continue
      try {
        if (kind !== "file") throw notAFile(path, kind)
        const bytes = await readWithin(join(folder, path), path, limits)
        const own = typeof metadata === "function" ? metadata(path) : metadata
        yield await readDocument({ source: name, path, uri: uri(path), bytes, limits, metadata: own, signal })
      } catch (error) {
        throwIfAborted(signal)
        const { code, message } = toRoadmapError(error)
        onSkipped?.({ source: name, name: path, code, reason: message })
      }
    }
  },
})

/** The Markdown files of a folder alone. */
export const markdownFolder = (options: FolderOptions): Source => {
  const whole = folderSource({ include: ["**/*.{md,markdown,mdx}", "*.{md,markdown,mdx}"], ...options })
  return {
    name: whole.name,
    async *documents(given) {
      for await (const document of whole.documents(given)) if (document.format === "markdown") yield document
    },
  }
}

/** The size is asked before anything is read: a file that is too big costs no memory. */
const readWithin = async (file: string, name: string, limits: LoadLimits): Promise<Uint8Array> => {
  await using handle = await open(file, "r")
  const { size } = await handle.stat()
  checkLimit(name, "bytes", size, limits.fileBytes)
  return handle.readFile()
}

async function* named<T>(files: AsyncIterable<T>, folder: string): AsyncGenerator<T> {
  try {
    yield* files
  } catch (error) {
    const known = toRoadmapError(error)
    if (known.code !== "FILE_MISSING") throw known
    throw new RoadmapError("FILE_MISSING", `There is no folder ${folder}.`, {
      hint: "Check the path.",
      cause: error,
    })
  }
}

const notAFile = (path: string, kind: string): RoadmapError =>
  kind === "link"
    ? new RoadmapError("PATH_OUTSIDE", `${path} is a symbolic link, which is not followed.`)
    : new RoadmapError("INVALID_INPUT", `${path} is not a regular file.`)
