import { RoadmapError } from "@roadmap/core/errors"

export interface LoadLimits {
  /** Largest file, bytes. */
  fileBytes: number
  /** Longest text of one document, UTF-16 units. */
  textLength: number
  /** Pages of a PDF. */
  pages: number
  /** Files of an archive. */
  entries: number
  /** What an archive may unpack to, bytes. */
  unpackedBytes: number
  /** Unpacked bytes for each packed byte of one file of an archive. */
  compressionRatio: number
}

export const defaultLimits: LoadLimits = {
  fileBytes: 20_000_000,
  textLength: 10_000_000,
  pages: 2_000,
  entries: 1_000,
  unpackedBytes: 100_000_000,
  compressionRatio: 100,
}

/** Throws LIMIT_EXCEEDED when `value` is above the limit. */
export const checkLimit = (name: string, what: string, value: number, limit: number): void => {
  if (value <= limit) return
  throw new RoadmapError(
    "LIMIT_EXCEEDED",
    `${name} has ${value.toLocaleString("en")} ${what}; at most ${limit.toLocaleString("en")} are read.`,
    { hint: "Split it, or raise the limit." },
  )
}
