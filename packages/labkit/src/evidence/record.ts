import { canonicalJson, sha256 } from "@roadmap/core/hash"

export type EvidenceKind = "run" | "check" | "drill" | "hint" | "solution"

/** One thing that was done, with what it was done on. */
export interface EvidenceRecord {
  version: 1
  /** When, ISO 8601, UTC. */
  at: string
  kind: EvidenceKind
  /** "2026-02" */
  month: string
  /** The exercise's or drill's folder name; of a run, the month. */
  id: string
  /** Hash of what it was done on: the exercise's files, the drill's, a run's seed, sample and upstream keys. */
  inputs: string
  /** Hash of the code that was judged: the answer, the drill, the lab's code. */
  code: string
  result: EvidenceResult
  seconds: number
  versions: { node: string; package: string }
  /** SHA-256 of the line before, of 64 zeros for the first. */
  previous: string
  /** SHA-256 of this record without `hash`, as canonical JSON. */
  hash: string
}

/** What came of it. Numbers, texts and truth values, never secrets. */
export type EvidenceResult = { [name: string]: string | number | boolean | null | EvidenceResult }

export type NewEvidence = Omit<EvidenceRecord, "version" | "at" | "versions" | "previous" | "hash"> & {
  at?: string
}

export const firstPrevious = "0".repeat(64)

export const hashOf = (record: Omit<EvidenceRecord, "hash">): string => {
  const { hash: _, ...rest } = record as EvidenceRecord
  return sha256(canonicalJson(rest))
}

/** The line of a record in the file, without its newline. */
export const toLine = (record: EvidenceRecord): string => canonicalJson(record)
