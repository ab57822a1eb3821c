import type { ErrorCode } from "@roadmap/core/errors"
import type { Document } from "../document.ts"

/** Where documents come from: a folder, a website's saved pages, a table, texts made by a program. */
export interface Source {
  /** First part of the ids of its documents. */
  readonly name: string
  /**
   * Every document of the source as it is now, in an order that does not change from call to call. What cannot be read
   * is told to `onSkipped` and does not stop the others. Throws RoadmapError when the source as a whole cannot be read.
   */
  documents(options?: SourceOptions): AsyncIterable<Document>
}

export interface SourceOptions {
  signal?: AbortSignal
  onSkipped?: (skipped: Skipped) => void
}

/** A file, page or row that gave no document, and why. */
export interface Skipped {
  source: string
  name: string
  code: ErrorCode
  reason: string
}
