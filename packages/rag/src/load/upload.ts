import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { Document } from "../document.ts"
import { readArchive } from "./archive.ts"
import { checkLimit, defaultLimits, type LoadLimits } from "./limits.ts"
import { formatOf, formats, readDocument } from "./read-file.ts"
import type { Skipped } from "./source.ts"

/** What a file chooser should offer. */
export const uploadExtensions: readonly string[] = [...Object.keys(formats), ".zip"]

export interface UploadOptions {
  /** Source of the documents. Default "uploads". */
  source?: string
  limits?: Partial<LoadLimits>
  signal?: AbortSignal
}

/**
 * The documents of one file that somebody sent: Markdown, text, HTML or PDF, or a zip of these. The name is theirs and
 * its folders are not kept. In a zip, a file that cannot be read is skipped with the reason; an archive that is built to
 * harm is refused whole. Throws INVALID_INPUT (unknown kind, not what its name says, encrypted, nested archive),
 * LIMIT_EXCEEDED (too large, too many files, unpacks to too much), PATH_OUTSIDE (a path that leaves the archive, a
 * symbolic link), FILE_EMPTY, FILE_CORRUPT (broken zip).
 */
export const loadUpload = async (
  file: { name: string; bytes: Uint8Array },
  options: UploadOptions = {},
): Promise<{ documents: Document[]; skipped: Skipped[] }> => {
  const { source = "uploads", signal } = options
  const limits = { ...defaultLimits, ...options.limits }
  const name = safeName(file.name)
  checkLimit(name, "bytes", file.bytes.length, limits.fileBytes)
  if (file.bytes.length === 0) throw new RoadmapError("FILE_EMPTY", `${name} is empty.`)
  if (!/\.zip$/i.test(name)) {
    checkKind(name, file.bytes)
    const uri = `${source}/${name}`
    return {
      documents: [await readDocument({ source, path: name, uri, bytes: file.bytes, limits, signal })],
      skipped: [],
    }
  }

  const documents: Document[] = []
  const skipped: Skipped[] = []
  for await (const { path, bytes } of readArchive(name, file.bytes, limits, signal)) {
    const inside = `${name}/${path}`
    try {
      checkKind(inside, bytes)
      const uri = `${source}/${inside}`
      documents.push(await readDocument({ source, path: inside, uri, bytes, limits, signal }))
    } catch (error) {
      throwIfAborted(signal)
      const { code, message } = toRoadmapError(error)
      skipped.push({ source, name: inside, code, reason: message })
    }
  }
  return { documents, skipped }
}

/** The last part of a name that came from outside, without what a path, a terminal or a page could trip over. */
const safeName = (given: string): string => {
  const last = given.split(/[\\/]/).at(-1)!
  const name = last
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N} ._()+@-]/gu, "_")
    .trim()
  if (name === "" || /^\.+$/.test(name) || name.length > 200)
    throw new RoadmapError("INVALID_INPUT", `"${given.slice(0, 100)}" is no name for a file.`, {
      hint: "Use letters, digits, spaces, dots and dashes, at most 200 characters.",
    })
  return name
}

/** First bytes of what is not text: an upload must be what its name says. */
const signatures: readonly { kind: string; bytes: readonly number[] }[] = [
  { kind: "a PDF", bytes: [0x25, 0x50, 0x44, 0x46, 0x2d] },
  { kind: "a zip archive", bytes: [0x50, 0x4b, 0x03, 0x04] },
  { kind: "a gzip archive", bytes: [0x1f, 0x8b] },
  { kind: "a PNG picture", bytes: [0x89, 0x50, 0x4e, 0x47] },
  { kind: "a JPEG picture", bytes: [0xff, 0xd8, 0xff] },
  { kind: "a program", bytes: [0x7f, 0x45, 0x4c, 0x46] },
  { kind: "a program", bytes: [0x4d, 0x5a, 0x90] },
]

const checkKind = (name: string, bytes: Uint8Array): void => {
  const found = signatures.find(each => each.bytes.every((byte, at) => bytes[at] === byte))?.kind
  const isPdf = formatOf(name) === "pdf"
  if (isPdf ? found === "a PDF" || found === undefined : found === undefined) return
  throw new RoadmapError("INVALID_INPUT", `${name} is ${found}, which its name does not say.`, {
    hint: `Give it the right ending. Taken are ${uploadExtensions.join(", ")}.`,
  })
}
