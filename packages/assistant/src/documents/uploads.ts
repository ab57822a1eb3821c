import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import type { Document } from "@roadmap/rag/document"
import { type IndexReceipt, indexSources } from "@roadmap/rag/ingest/index-sources"
import type { Skipped, Source } from "@roadmap/rag/load/source"
import type { WritableIndex } from "@roadmap/rag/store/open"
import { z } from "zod"
import type { UploadedFile } from "./multipart.ts"

/** The source that uploaded documents belong to. */
export const uploadSource = "uploads"

export interface UploadLimits {
  /** Documents that may be kept. */
  documents: number
  /** Files in one request. */
  files: number
  /** Bytes of one request. */
  bodyBytes: number
  /** Requests that may be in work or wait for their turn. */
  waiting: number
}

export const defaultUploadLimits: UploadLimits = {
  documents: 1_000,
  files: 10,
  bodyBytes: 24 * 2 ** 20,
  waiting: 4,
}

export interface Uploaded {
  documents: Document[]
  /** Files inside an archive that were left out, and why. */
  skipped: Skipped[]
}

/** Documents that users gave: one JSON file each in a folder, and the source "uploads" of the index. */
export interface Uploads {
  readonly limits: UploadLimits
  /** Endings of the names that are taken: ".md". */
  readonly extensions: readonly string[]
  /**
   * Loads, keeps and indexes all of these files, or none. A document of the same name is replaced. Throws what
   * `loadUpload` throws, LIMIT_EXCEEDED, STATE_LOCKED (another process is indexing), INTERRUPTED.
   */
  add(files: readonly UploadedFile[], signal?: AbortSignal): Promise<Uploaded>
  /** Throws NOT_FOUND. */
  remove(id: string, signal?: AbortSignal): Promise<void>
}

/**
 * Opens the folder and brings the index's uploads in line with it: an upload that a kill cut short is gone or whole.
 * Throws STATE_CORRUPT for a file that this program did not write.
 */
export const openUploads = async (
  folder: string,
  index: WritableIndex,
  limits: Partial<UploadLimits> = {},
): Promise<Uploads> => {
  const allowed = { ...defaultUploadLimits, ...limits }
  await mkdir(folder, { recursive: true })
  // The readers of PDF and archives are heavy, and a server without uploads has no use for them.
  const { loadUpload, uploadExtensions } = await import("@roadmap/rag/load/upload")
  const inTurn = createLine()
  const pathOf = (id: string) => join(folder, `${sha256(id)}.json`)
  const source: Source = {
    name: uploadSource,
    async *documents() {
      for (const name of await stored(folder)) yield await readStored(join(folder, name))
    },
  }
  const reindex = (signal?: AbortSignal): Promise<IndexReceipt> => indexSources(index, [source], { signal })

  /** Makes a change of the files, and takes it back when the index does not follow. */
  const change = async (
    files: ReadonlyMap<string, string | undefined>,
    signal?: AbortSignal,
  ): Promise<void> => {
    const before = new Map<string, string | undefined>()
    try {
      for (const [path, content] of files) {
        before.set(path, await contentOf(path))
        await write(path, content)
      }
      await reindex(signal)
    } catch (error) {
      for (const [path, content] of before) await write(path, content)
      // Another process holds the index, and then nothing of this change is in it; else undo what is.
      if (toRoadmapError(error).code !== "STATE_LOCKED") await reindex()
      throw toRoadmapError(error)
    }
  }

  const known = (await index.stats()).bySource[uploadSource]?.documents ?? 0
  if (known > 0 || (await stored(folder)).length > 0) await reindex()

  return {
    limits: allowed,
    extensions: uploadExtensions,
    add: (files, signal) =>
      inTurn(async () => {
        const documents = new Map<string, Document>()
        const skipped: Skipped[] = []
        for (const file of files) {
          const loaded = await loadUpload(file, { source: uploadSource, signal })
          for (const document of loaded.documents) documents.set(document.id, document)
          skipped.push(...loaded.skipped)
        }
        if (documents.size === 0) throw nothingLeft(skipped)
        const added = [...documents.values()]
        const changes = new Map(added.map(document => [pathOf(document.id), JSON.stringify(document)]))
        const kept = new Set((await stored(folder)).map(name => join(folder, name)))
        const total = new Set([...kept, ...changes.keys()]).size
        if (total > allowed.documents)
          throw new RoadmapError(
            "LIMIT_EXCEEDED",
            `There would be ${total} uploaded documents; at most ${allowed.documents} are kept.`,
            { hint: "Delete some first." },
          )
        await change(changes, signal)
        return { documents: added, skipped }
      }),
    remove: (id, signal) =>
      inTurn(async () => {
        const path = pathOf(id)
        if ((await contentOf(path)) === undefined)
          throw new RoadmapError("NOT_FOUND", `There is no uploaded document "${id.slice(0, 200)}".`)
        await change(new Map([[path, undefined]]), signal)
      }),
  }
}

const nothingLeft = ([first]: readonly Skipped[]): RoadmapError =>
  first === undefined
    ? new RoadmapError("FILE_EMPTY", "The upload holds no document.")
    : new RoadmapError(first.code, `${first.name}: ${first.reason}`)

const storedDocument: z.ZodType<Document> = z.strictObject({
  id: z.string(),
  source: z.literal(uploadSource),
  uri: z.string(),
  title: z.string(),
  format: z.enum(["markdown", "html", "pdf", "text", "table"]),
  text: z.string(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
  hash: z.string(),
})

/** Names of the documents' files; temporary ones of a killed write are none. */
const stored = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter(name => /^[0-9a-f]{64}\.json$/.test(name)).sort()

const readStored = async (path: string): Promise<Document> => {
  const corrupt = (cause?: unknown) =>
    new RoadmapError("STATE_CORRUPT", `${path} is no uploaded document of this program.`, {
      hint: "Delete that file and upload the document again.",
      cause,
    })
  // A link could name any file of this machine, and its text would be shown.
  if (!(await lstat(path)).isFile()) throw corrupt()
  try {
    return storedDocument.parse(JSON.parse(await readFile(path, "utf8")))
  } catch (error) {
    throw corrupt(error)
  }
}

const contentOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw toRoadmapError(error)
  }
}

const write = async (path: string, content: string | undefined): Promise<void> => {
  if (content === undefined) await rm(path, { force: true })
  else await writeFileAtomic(path, content)
}

/** Runs one piece of work at a time, in the order in which they came. */
const createLine = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}
