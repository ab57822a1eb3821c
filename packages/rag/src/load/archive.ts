import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl"
import { checkLimit, type LoadLimits } from "./limits.ts"
import { formatOf } from "./read-file.ts"

export interface ArchivedFile {
  path: string
  bytes: Uint8Array
}

/**
 * The files of a zip whose kind is read, one unpacked at a time. The whole table of contents is checked before anything
 * is unpacked, and the sizes again while unpacking, because the table may lie. Other files, hidden ones and the
 * metadata of macOS are passed over. Throws LIMIT_EXCEEDED (too many files, unpacks to too much, a ratio that only a
 * bomb has), PATH_OUTSIDE (a path that leaves the archive, a symbolic link), INVALID_INPUT (an archive inside, an
 * encrypted file, nothing to read), FILE_CORRUPT.
 */
export async function* readArchive(
  name: string,
  bytes: Uint8Array,
  limits: LoadLimits,
  signal?: AbortSignal,
): AsyncGenerator<ArchivedFile> {
  const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    lazyEntries: true,
    strictFileNames: true,
  }).catch(error => {
    throw corrupt(name, error)
  })
  const wanted = await checkedEntries(name, zip, limits)
  let unpacked = 0
  for (const entry of wanted) {
    throwIfAborted(signal)
    const content = await unpack(
      name,
      zip,
      entry,
      Math.min(limits.fileBytes, limits.unpackedBytes - unpacked),
    )
    unpacked += content.length
    yield { path: entry.fileName, bytes: content }
  }
}

const checkedEntries = async (name: string, zip: ZipFile, limits: LoadLimits): Promise<Entry[]> => {
  checkLimit(name, "files", zip.entryCount, limits.entries)
  const wanted: Entry[] = []
  let unpacked = 0
  try {
    for await (const entry of zip.eachEntry()) {
      unpacked += entry.uncompressedSize
      checkEntry(name, entry, limits)
      checkLimit(name, "bytes when unpacked", unpacked, limits.unpackedBytes)
      if (isWanted(entry.fileName)) wanted.push(entry)
    }
  } catch (error) {
    if (error instanceof RoadmapError) throw error
    const { message } = error as Error
    // yauzl's words for `..`, absolute paths and backslashes: https://github.com/thejoshwolfe/yauzl#validatefilenamefilename
    if (/invalid relative path|absolute path|invalid characters in fileName/.test(message))
      throw new RoadmapError(
        "PATH_OUTSIDE",
        `${name} has a file whose path leaves the archive: ${message}.`,
        {
          hint: "Pack it again with plain relative paths.",
          cause: error,
        },
      )
    throw corrupt(name, error)
  }
  if (wanted.length === 0)
    throw new RoadmapError("INVALID_INPUT", `${name} holds no file of a kind that is read.`, {
      hint: "Read are .md, .txt, .html and .pdf.",
    })
  return wanted
}

const checkEntry = (name: string, entry: Entry, limits: LoadLimits): void => {
  const { fileName, compressedSize, uncompressedSize } = entry
  const what = `${name}/${fileName.slice(0, 200)}`
  // The upper half of the attributes is the Unix mode: https://pkware.cachefly.net/webdocs/APPNOTE/APPNOTE-6.3.9.TXT, 4.4.15
  if (((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000)
    throw new RoadmapError("PATH_OUTSIDE", `${what} is a symbolic link, which is not followed.`, {
      hint: "Pack the file that it points to.",
    })
  if (entry.isEncrypted())
    throw new RoadmapError("INVALID_INPUT", `${what} is encrypted.`, { hint: "Pack it without a password." })
  if (/\.(?:zip|jar|gz|tgz|bz2|xz|zst|7z|rar|tar)$/i.test(fileName))
    throw new RoadmapError("INVALID_INPUT", `${what} is an archive inside of an archive.`, {
      hint: "Unpack it and send its files.",
    })
  checkLimit(what, "bytes", uncompressedSize, limits.fileBytes)
  // Small files of one repeated letter are no bomb: they unpack to little.
  if (uncompressedSize > 1_000_000)
    checkLimit(
      what,
      "unpacked bytes a packed one",
      Math.round(uncompressedSize / Math.max(1, compressedSize)),
      limits.compressionRatio,
    )
}

const isWanted = (path: string): boolean =>
  !path.endsWith("/") &&
  !path.split("/").some(part => part.startsWith(".") || part === "__MACOSX") &&
  formatOf(path) !== undefined

const unpack = async (name: string, zip: ZipFile, entry: Entry, most: number): Promise<Uint8Array> => {
  try {
    const parts: Buffer[] = []
    let length = 0
    for await (const part of await zip.openReadStreamPromise(entry)) {
      length += part.length
      checkLimit(`${name}/${entry.fileName}`, "bytes when unpacked", length, most)
      parts.push(part)
    }
    return Buffer.concat(parts)
  } catch (error) {
    throw error instanceof RoadmapError ? error : corrupt(`${name}/${entry.fileName}`, error)
  }
}

const corrupt = (name: string, error: unknown): RoadmapError =>
  new RoadmapError("FILE_CORRUPT", `${name} cannot be unpacked: ${(error as Error).message}.`, {
    hint: "Pack it again as a plain zip.",
    cause: error,
  })
