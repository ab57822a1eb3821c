import { type FileHandle, open } from "node:fs/promises"
import { promisify } from "node:util"
import { inflateRaw } from "node:zlib"
import { RoadmapError } from "@roadmap/core/errors"

const inflate = promisify(inflateRaw)

/**
 * One file out of a Python wheel, which is a ZIP archive (https://packaging.python.org/specifications/binary-distribution-format/;
 * ZIP: APPNOTE 6.3). Reads its directory and that entry only. `bytes` is the size it must have: a larger one is never
 * unpacked. Throws FILE_CORRUPT for what is no such archive, and the file system's errors.
 */
export const readWheelEntry = async (path: string, entry: string, bytes: number): Promise<Buffer> => {
  await using file = await open(path)
  const { size } = await file.stat()
  const found = (await directoryOf(file, size, path)).get(entry)
  if (found === undefined) throw corrupt(path, `holds no ${entry}`)
  if (found.unpacked !== bytes) throw corrupt(path, `holds ${entry} of ${found.unpacked} bytes, not ${bytes}`)
  const header = await readAt(file, found.offset, 30, path)
  if (header.readUInt32LE(0) !== 0x04034b50) throw corrupt(path, "is damaged")
  const start = found.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
  const packed = await readAt(file, start, found.packed, path)
  if (found.method === 0) return packed
  if (found.method !== 8) throw corrupt(path, `packs ${entry} by method ${found.method}`)
  try {
    return await inflate(packed, { maxOutputLength: bytes })
  } catch (cause) {
    throw corrupt(path, "is damaged", cause)
  }
}

interface Entry {
  method: number
  packed: number
  unpacked: number
  offset: number
}

const directoryOf = async (file: FileHandle, size: number, path: string): Promise<Map<string, Entry>> => {
  const tail = await readAt(file, Math.max(0, size - 65_557), Math.min(size, 65_557), path)
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  if (end < 0 || end + 22 > tail.length) throw corrupt(path, "is no wheel")
  const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12), path)
  const entries = new Map<string, Entry>()
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50; ) {
    const nameLength = directory.readUInt16LE(at + 28)
    entries.set(directory.toString("utf8", at + 46, at + 46 + nameLength), {
      method: directory.readUInt16LE(at + 10),
      packed: directory.readUInt32LE(at + 20),
      unpacked: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    })
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  return entries
}

const readAt = async (file: FileHandle, position: number, length: number, path: string): Promise<Buffer> => {
  const { size } = await file.stat()
  if (position + length > size) throw corrupt(path, "is cut short")
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  if (bytesRead < length) throw corrupt(path, "is cut short")
  return buffer
}

const corrupt = (path: string, what: string, cause?: unknown) =>
  new RoadmapError("FILE_CORRUPT", `${path} ${what}.`, {
    hint: "Download it again; nothing of it was installed.",
    cause,
  })
