import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { toRoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"
import { lockFile } from "@roadmap/core/lock-file"
import { type Chain, readChain } from "./chain.ts"
import { type EvidenceRecord, firstPrevious, hashOf, type NewEvidence, toLine } from "./record.ts"

/** `.roadmap/evidence.jsonl`: one record a line, only ever appended to. */
export const evidencePath = (home: string): string => join(home, "evidence.jsonl")

/**
 * Appends one record: under a lock that other processes wait for, as one write at the end of the file, on disk when this
 * returns. A line cut short by a kill is closed first, so it is the only one that is lost.
 */
export const appendEvidence = (home: string, entry: NewEvidence): EvidenceRecord => {
  using _lock = lockFile(join(home, "evidence.lock"), {
    waitMs: 10_000,
    busy: `Another process is writing ${evidencePath(home)}.`,
    hint: "Wait for it and run the same command again.",
  })
  try {
    return append(evidencePath(home), entry)
  } catch (error) {
    throw toRoadmapError(error)
  }
}

const append = (path: string, entry: NewEvidence): EvidenceRecord => {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o644)
  try {
    const { line, torn } = lastLine(file)
    const { at = new Date().toISOString(), ...rest } = entry
    const unsigned = {
      version: 1 as const,
      at,
      ...rest,
      versions: { node: process.versions.node, package: packageVersion },
      previous: line === undefined ? firstPrevious : sha256(line),
    }
    // As it will be read again: JSON has no undefined.
    const plain = JSON.parse(JSON.stringify(unsigned)) as Omit<EvidenceRecord, "hash">
    const record = { ...plain, hash: hashOf(plain) }
    writeSync(file, `${torn ? "\n" : ""}${toLine(record)}\n`)
    fsyncSync(file)
    return record
  } finally {
    closeSync(file)
  }
}

const packageVersion: string = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
).version

/** The last line without its newline; `torn` when it has none. */
const lastLine = (file: number): { line: string | undefined; torn: boolean } => {
  const { size } = fstatSync(file)
  if (size === 0) return { line: undefined, torn: false }
  for (let length = 4_096; ; length *= 4) {
    const taken = Math.min(length, size)
    const buffer = Buffer.alloc(taken)
    readSync(file, buffer, 0, taken, size - taken)
    const torn = buffer[taken - 1] !== 10
    const end = torn ? taken : taken - 1
    const start = end === 0 ? -1 : buffer.lastIndexOf(10, end - 1)
    if (start >= 0 || taken === size) return { line: buffer.toString("utf8", start + 1, end), torn }
  }
}

/** All records of this home. A missing file is an empty chain. */
export const readEvidence = async (home: string): Promise<Chain> => {
  const text = await readFile(evidencePath(home), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return ""
    throw toRoadmapError(error)
  })
  return readChain(text)
}
